/**
 * Defines `apt_reboot`, which leaves in `pending` whether a system with apt wants to be restarted: yes, no, or nothing where that
 * cannot be told. Packages of Debian only call what leaves /run/reboot-required if it is installed (update-notifier-common,
 * unattended-upgrades, reboot-notifier); without, a newer kernel of the same kind than the running one says yes, and no is that
 * dpkg has changed nothing since the system's first process began (field 22 of its stat in hundredths of a second, proc(5)).
 */
export const APT_REBOOT = `kernel_kind() { printf '%s %s' "\${1##*-}" "$(printf '%s' "$1" | sed 's/[0-9][0-9]*/N/g')"; }
apt_reboot() {
  pending=
  if [ -e /run/reboot-required ]; then pending=yes; return; fi
  for writer in /usr/share/update-notifier/notify-reboot-required /etc/kernel/postinst.d/unattended-upgrades /etc/kernel/postinst.d/reboot-notifier; do
    if [ -e "$writer" ]; then pending=no; return; fi
  done
  running=$(uname -r)
  kind=$(kernel_kind "$running")
  newest=$(for image in /boot/vmlinuz-*; do
    release=\${image#/boot/vmlinuz-}
    if [ "$(kernel_kind "$release")" = "$kind" ]; then printf '%s\\n' "$release"; fi
  done | sort -V 2>/dev/null | tail -n 1)
  if [ -n "$newest" ] && [ "$newest" != "$running" ]; then pending=yes; return; fi
  changed=$(stat -c %Y /var/lib/dpkg/status 2>/dev/null)
  began=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null)
  first=$(sed 's/.*) //' /proc/1/stat 2>/dev/null | cut -d ' ' -f 20)
  if [ -n "$changed" ] && [ -n "$began" ] && [ -n "$first" ] && [ "$changed" -lt $((began + first / 100)) ]; then pending=no; fi
}
`
