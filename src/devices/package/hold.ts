/**
 * Behind `OBSERVE_PACKAGE`: leaves in `hold` whether upgrades leave the package as it is: `yes` at the installed version,
 * `other` at another one or within a range, `no`, or nothing where this manager has no such thing. Only files are read: dnf
 * itself would write a log, and fetch what its sources offer. Of dnf it is the plugin versionlock; apk keeps versions in its
 * list of what was asked for.
 */
export const LOOK_HOLD = `hold=
# hold_by LOCK INSTALLED
hold_by() { case $nl$2$nl in *"$nl"package="$1$nl"*) hold=yes ;; *) if [ "$hold" = no ]; then hold=other; fi ;; esac; }
case $manager in
  apt) case $found in *package=[!h]*) hold=no ;; package=h*) hold=yes ;; *) hold=no ;; esac ;;
  apk)
    hold=no
    if [ -r /etc/apk/world ]; then
      while IFS= read -r entry; do
        case $entry in
          "$name="*) hold_by "\${entry#*=}" "$found" ;;
          "$name"[~\\<\\>]*) hold=other ;;
        esac
      done </etc/apk/world
    fi ;;
  dnf | yum)
    conf=/etc/dnf/plugins/versionlock.conf locks= enabled=1
    if [ -r "$conf" ]; then
      while IFS=' =' read -r key value; do case $key in enabled) enabled=$value ;; locklist) locks=$value ;; esac; done <"$conf"
    fi
    case $enabled,$locks in 1,/* | [Tt]rue,/* | yes,/*) hold=no ;; esac
    if [ -n "$hold" ] && [ -e "$locks" ]; then
      while IFS= read -r entry; do
        at=\${entry#"$name"-}
        # What is left of an entry for another package has one more dash, or no digit in front.
        case $at in "$entry" | *-*-* | [!0-9]*) continue ;; *-*) ;; *) continue ;; esac
        at=\${at%.*}
        case $at in 0:*) hold_by "\${at#0:}" "$found" ;; esac
        hold_by "$at" "$found"
      done <"$locks"
    fi ;;
esac
`

/** Sets or takes back the hold of `$name` as `$hold` says (yes, no, or nothing). */
export const SET_HOLD: Readonly<Record<'apt' | 'rpm' | 'apk', string>> = {
  apt: `case \${hold:-} in
  yes) need_tool apt-mark; run_action apt-mark hold "$name" ;;
  no) need_tool apt-mark; run_action apt-mark unhold "$name" ;;
esac
`,
  rpm: `case \${hold:-} in
  yes | no) run_action "$manager" -q --disablerepo=* versionlock delete "$name" ;;
esac
if [ "\${hold:-}" = yes ]; then run_action "$manager" -q --disablerepo=* versionlock add "$name"; fi
`,
  apk: `case \${hold:-} in
  yes) full=$(apk info -e -v "$name" 2>/dev/null); run_apk add "$name=\${full#"$name"-}" ;;
  no) run_apk add "$name" ;;
esac
`,
}
