@echo off
rem Everything that CI checks; with paths, only those tests. Installs what is missing first.
call "%~dp0tools\start.bat" check %*
exit /b %ERRORLEVEL%
