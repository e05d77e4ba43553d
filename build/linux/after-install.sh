#!/bin/sh
# After the deb or the rpm is unpacked. electron-builder fills in what is in ${}. Everything is best effort: a package
# that cannot be configured cannot be removed either.
set -u

ln -sf '/opt/${sanitizedProductName}/${executable}' '/usr/bin/${executable}'

# Chromium's sandbox needs user namespaces, or its helper with setuid where the kernel has none.
if [ -L /proc/self/ns/user ] && unshare --user true 2>/dev/null; then mode=0755; else mode=4755; fi
chmod "$mode" '/opt/${sanitizedProductName}/chrome-sandbox' || :

# govpn: links open the app.
if command -v update-desktop-database >/dev/null; then update-desktop-database -q /usr/share/applications || :; fi
if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -qtf /usr/share/icons/hicolor || :; fi

# Ubuntu 24.04 and later allow user namespaces to programs with a profile only. Older ones cannot read it: it is tried first.
profile='/opt/${sanitizedProductName}/resources/apparmor-profile'
if command -v apparmor_parser >/dev/null && apparmor_parser --skip-kernel-load "$profile" >/dev/null 2>&1; then
  cp -f "$profile" '/etc/apparmor.d/${executable}' || :
  if apparmor_status --enabled >/dev/null 2>&1; then
    apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || :
  fi
fi

# The devices that users were given are there again after a boot (docs/rights.md).
chown root:root /usr/libexec/govpn-netconf && chmod 0755 /usr/libexec/govpn-netconf || :
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || :
  systemctl enable --quiet govpn-netconf.service || :
fi
exit 0
