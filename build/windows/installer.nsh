; What electron-builder's installer for Windows also does: links of ours open the app before it has ever run, and when it
; is removed, nothing goes on to name it. The registry is that of the person or of the machine, as it was installed.

!define GOVPN_LINKS "Software\Classes\govpn"
!define GOVPN_WINDOWS "Software\Microsoft\Windows\CurrentVersion"

!macro customInstall
  WriteRegStr SHELL_CONTEXT "${GOVPN_LINKS}" "" "URL:govpn"
  WriteRegStr SHELL_CONTEXT "${GOVPN_LINKS}" "URL Protocol" ""
  ; As the app says it at each start: behind "--" no part of a link is taken for a switch of Chromium's.
  WriteRegStr SHELL_CONTEXT "${GOVPN_LINKS}\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "--" "%1"'
!macroend

; An update removes the older version, too: it changes nothing of this.
!macro customUnInstall
  ${ifNot} ${isUpdated}
    DeleteRegKey SHELL_CONTEXT "${GOVPN_LINKS}"
    ; What the app itself has put there: its links, and its start at login.
    DeleteRegKey HKCU "${GOVPN_LINKS}"
    DeleteRegValue HKCU "${GOVPN_WINDOWS}\Run" "${APP_ID}"
    DeleteRegValue HKCU "${GOVPN_WINDOWS}\Explorer\StartupApproved\Run" "${APP_ID}"
  ${endIf}
!macroend
