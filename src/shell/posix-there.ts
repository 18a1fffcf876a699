/** Exit code of a script that may not see whether something is there; what the system says of it is on its stderr. */
export const UNSEEN_EXIT = 77

/**
 * Defines `till_there PATH`: ends with 0 when something is at a path, with 1 when nothing is. What may not be looked at is
 * neither: that ends the script. `test -e` alone cannot tell them apart (POSIX test(1): false "if it cannot be resolved").
 */
export const THERE = `till_there() {
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  till_said=$(LC_ALL=C; export LC_ALL; ls -d "$1" 2>&1) && return 0
  case $till_said in *": No such file or directory" | *": Not a directory") return 1 ;; esac
  printf '%s\\n' "$till_said" >&2
  exit ${UNSEEN_EXIT}
}
`
