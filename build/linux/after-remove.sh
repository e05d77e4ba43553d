#!/bin/sh
# After the deb or the rpm is gone. electron-builder fills in what is in ${}.
set -u
case ${1:-remove} in upgrade | failed-upgrade | 1) exit 0 ;; esac

link='/usr/bin/${executable}'
if [ "$(readlink "$link")" = '/opt/${sanitizedProductName}/${executable}' ]; then rm -f "$link"; fi

profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
  if apparmor_status --enabled >/dev/null 2>&1; then apparmor_parser --remove "$profile" || :; fi
  rm -f "$profile"
fi

if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database -q /usr/share/applications || :; fi
exit 0
