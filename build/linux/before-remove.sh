#!/bin/sh
# Before the deb or the rpm goes for good: the devices that users were given go with it. Not when it is only replaced by
# a newer one: dpkg says "upgrade" then, rpm "1".
set -u
case ${1:-remove} in upgrade | failed-upgrade | 1) exit 0 ;; esac

if [ -d /run/systemd/system ]; then systemctl disable --quiet govpn-netconf.service || :; fi
for record in /var/lib/govpn/netconf/govpn*; do
  [ -f "$record" ] || continue
  read -r owner _ <"$record" || continue
  SUDO_UID=$owner PKEXEC_UID='' /usr/libexec/govpn-netconf remove --name "${record##*/}" || :
done
rmdir /var/lib/govpn/netconf /var/lib/govpn 2>/dev/null || :
exit 0
