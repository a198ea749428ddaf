@echo off
rem Opens the program on a demo practice. Installs what is missing first. Options: run --help
call "%~dp0tools\start.bat" run %*
exit /b %ERRORLEVEL%
