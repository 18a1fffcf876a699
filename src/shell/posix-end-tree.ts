/**
 * Ends the process tree under `root`, a child of an interpreter, so that the interpreter goes on. POSIX sh. The
 * interpreter is told before, so that whatever the status that a script answers with, it is not taken for its own end.
 * The tree is frozen first, so that it cannot grow while it is walked, and `root` stays frozen until its children are
 * gone, so that a script does not go on to its next command when the one that hangs is ended.
 * TERM, and KILL for what is left after a second.
 */
export const END_TREE = `
# The children of a process, in $kids. Without the kernel's own list, every process there is has to be looked at.
kids_of() {
  kids=
  if [ -e "/proc/$1/task/$1/children" ]; then
    for file in "/proc/$1/task/"*/children; do
      found=
      read -r found 2>/dev/null <"$file"
      kids="$kids $found"
    done
  elif [ ! -d "/proc/$1" ] || [ ! -e /proc/self/task/*/children ]; then
    while read -r child parent; do
      [ "$parent" = "$1" ] && kids="$kids $child"
    done <<EOT
$(ps -A -o pid= -o ppid= 2>/dev/null || ps -o pid,ppid)
EOT
  fi
}
# Stops the arguments and whatever is below them, and adds them to $tree.
freeze() {
  while [ $# -gt 0 ]; do
    pid=$1
    shift
    kill -STOP "$pid" 2>/dev/null || continue
    case " $tree " in *" $pid "*) ;; *) tree="$tree $pid" ;; esac
    kids_of "$pid"
    set -- "$@" $kids
  done
}
living() {
  for pid; do
    kill -0 "$pid" 2>/dev/null || continue
    state=
    read -r state 2>/dev/null <"/proc/$pid/stat"
    case \${state##*) } in Z*) ;; *) return 0 ;; esac
  done
  return 1
}
wait_for() {
  n=0
  while [ $n -lt 10 ] && living "$@"; do
    sleep 0.1 2>/dev/null || { sleep 1; n=10; }
    n=$((n+1))
  done
}
kill -USR1 "$interpreter" 2>/dev/null
tree=
freeze "$root"
[ -n "$tree" ] || exit 0
# Once more, for what was started while the first round was under way.
freeze $tree
below=\${tree#" $root"}
kill -TERM $tree 2>/dev/null
if [ -n "$below" ]; then
  kill -CONT $below 2>/dev/null
  wait_for $below
  freeze $tree
  kill -KILL \${tree#" $root"} 2>/dev/null
fi
kill -CONT "$root" 2>/dev/null
wait_for "$root"
kill -STOP "$root" 2>/dev/null || exit 0
freeze $tree
kill -KILL $tree 2>/dev/null
exit 0
`
