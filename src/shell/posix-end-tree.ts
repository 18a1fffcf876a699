/**
 * Functions that end process trees, in POSIX sh. Called in a subshell, since their variables are its own. A tree is
 * frozen first, so that it cannot grow while it is walked. TERM, and KILL for what is left after a second.
 *
 * `till_kids PID`: its children, in $kids; without the kernel's own list, every process there is has to be looked at.
 * `till_freeze PID…`: stops them and whatever is below, but for $spare, and adds them to $tree.
 * `till_stop PID…`: ends these and all that is below.
 */
export const TREE_FUNCTIONS = `till_kids() {
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
till_freeze() {
while [ $# -gt 0 ]; do
pid=$1
shift
[ "$pid" != "$spare" ] && kill -STOP "$pid" 2>/dev/null || continue
case " $tree " in *" $pid "*) ;; *) tree="$tree $pid" ;; esac
till_kids "$pid"
set -- "$@" $kids
done
}
till_living() {
for pid; do
kill -0 "$pid" 2>/dev/null || continue
state=
read -r state 2>/dev/null <"/proc/$pid/stat"
case \${state##*) } in Z*) ;; *) return 0 ;; esac
done
return 1
}
till_await() {
n=0
while [ $n -lt 10 ] && till_living "$@"; do
sleep 0.1 2>/dev/null || { sleep 1; n=10; }
n=$((n+1))
done
}
till_stop() {
tree=
till_freeze "$@"
till_freeze $tree
below=$tree
for root; do below=$(echo "$below " | sed "s/ $root / /"); done
if [ -n "\${below# }" ]; then
kill -TERM $below 2>/dev/null
kill -CONT $below 2>/dev/null
till_await $below
till_freeze $tree
fi
kill -KILL $tree 2>/dev/null
}
`

/**
 * Ends the process tree under `root`, a child of an interpreter, so that the interpreter goes on. The interpreter is
 * told before, so that whatever the status that a script answers with, it is not taken for its own end. `root` stays
 * frozen until its children are gone, so that a script does not go on to its next command when the one that hangs is
 * ended.
 */
export const END_TREE = `${TREE_FUNCTIONS}kill -USR1 "$interpreter" 2>/dev/null
spare=
tree=
till_freeze "$root"
[ -n "$tree" ] || exit 0
# Once more, for what was started while the first round was under way.
till_freeze $tree
below=\${tree#" $root"}
kill -TERM $tree 2>/dev/null
if [ -n "$below" ]; then
  kill -CONT $below 2>/dev/null
  till_await $below
  till_freeze $tree
  kill -KILL \${tree#" $root"} 2>/dev/null
fi
kill -CONT "$root" 2>/dev/null
till_await "$root"
kill -STOP "$root" 2>/dev/null || exit 0
till_freeze $tree
kill -KILL $tree 2>/dev/null
exit 0
`
