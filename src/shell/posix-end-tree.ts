/**
 * Ends the process tree under `root`, a direct child of an interpreter, so that the interpreter goes on. POSIX sh.
 * The tree is frozen first, so that it cannot grow while it is walked, and `root` stays frozen until its children are
 * gone, so that a script does not go on to its next command when the one that hangs is ended.
 * TERM, and KILL for what is left after a second.
 */
export const END_TREE = `
parents() {
  if [ -r /proc/self/stat ]; then
    for entry in /proc/[0-9]*/stat; do
      read -r line 2>/dev/null <"$entry" || continue
      pid=\${entry#/proc/}
      set -- \${line##*) }
      echo "\${pid%/stat} $2 $1"
    done
  else
    ps -A -o pid= -o ppid= -o stat=
  fi
}
# Adds to $tree whatever is below it, freezing as it goes, until nothing new is found.
freeze() {
  grown=1
  while [ "$grown" = 1 ]; do
    grown=0
    list=$(parents)
    while read -r pid ppid state; do
      case " $tree " in *" $pid "*) continue ;; esac
      case " $tree " in *" $ppid "*) ;; *) continue ;; esac
      case $state in Z*) continue ;; esac
      kill -STOP "$pid" 2>/dev/null
      tree="$tree $pid"
      grown=1
    done <<EOT
$list
EOT
  done
}
# Whether any of the arguments is alive.
living() {
  list=$(parents)
  while read -r pid ppid state; do
    case $state in Z*) continue ;; esac
    case " $* " in *" $pid "*) return 0 ;; esac
  done <<EOT
$list
EOT
  return 1
}
wait_for() {
  n=0
  while [ $n -lt 10 ] && living "$@"; do
    sleep 0.1 2>/dev/null || { sleep 1; n=10; }
    n=$((n+1))
  done
}
kill -STOP "$root" 2>/dev/null || exit 0
tree=$root
freeze
below=\${tree#"$root"}
kill -TERM $tree 2>/dev/null
if [ -n "$below" ]; then
  kill -CONT $below 2>/dev/null
  wait_for $below
  freeze
  kill -KILL \${tree#"$root"} 2>/dev/null
fi
kill -CONT "$root" 2>/dev/null
wait_for "$root"
kill -STOP "$root" 2>/dev/null || exit 0
freeze
kill -KILL $tree 2>/dev/null
exit 0
`
