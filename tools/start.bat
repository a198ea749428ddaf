@echo off
rem Finds a Python and hands over to tools\bootstrap.py. Used by run.bat and check.bat.
setlocal
set "HERE=%~dp0"
set "GOOD=import sys; sys.exit(sys.version_info < (3, 11))"
set "PYTHON=%HERE%..\.venv\Scripts\python.exe"
if exist "%PYTHON%" "%PYTHON%" -I -S -c "%GOOD%" >nul 2>nul && goto venv
for %%V in (3.13 3.12 3.11 3.14 3) do (
    py -%%V -I -S -c "%GOOD%" >nul 2>nul && set "VERSION=-%%V" && goto launcher
)
python -I -S -c "%GOOD%" >nul 2>nul && goto path
echo Care Coordinator needs Python 3.11 or newer, and none was found. 1>&2
echo Install it from python.org, then start this command again. 1>&2
exit /b 1
:venv
"%PYTHON%" -P "%HERE%bootstrap.py" %*
exit /b %ERRORLEVEL%
:launcher
py %VERSION% -P "%HERE%bootstrap.py" %*
exit /b %ERRORLEVEL%
:path
python -P "%HERE%bootstrap.py" %*
exit /b %ERRORLEVEL%
