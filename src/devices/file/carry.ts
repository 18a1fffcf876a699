/**
 * `carry FROM TO`: gives a new file the ACL and the extended attributes of the one whose place it takes. Ends with 1, and
 * says why, when there are some that it cannot carry over. busybox shows neither, so there they are kept only where the
 * tools of the packages acl and attr are. `cp --attributes-only` is GNU's; it also takes away what `TO` has by the
 * default ACL of its folder. The attributes of a module of the kernel that guards contents (security.evm) are not copied.
 */
export const CARRY = `has_acl() { case $(ls -ldn "$1" 2>/dev/null) in ??????????+*) return 0 ;; esac; return 1; }
carry() {
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  cp --attributes-only --preserve=mode "$1" "$2" 2>/dev/null ||
    { command -v getfacl >/dev/null 2>&1 && getfacl -cp "$1" 2>/dev/null | setfacl --set-file=- "$2" 2>/dev/null; }
  if command -v getfacl >/dev/null 2>&1; then [ "$(getfacl -cpn "$1" 2>/dev/null)" = "$(getfacl -cpn "$2" 2>/dev/null)" ]
  elif has_acl "$1"; then has_acl "$2"
  fi || {
    printf '%s\\n' "$1 has an ACL, which would be lost: the device needs getfacl and setfacl (package acl)" >&2
    return 1
  }
  carry_said=$(cp --attributes-only --preserve=xattr "$1" "$2" 2>&1) && return 0
  if command -v getfattr >/dev/null 2>&1; then
    carry_list=$(getfattr -d -e hex -m '^(user|security|trusted)[.]' --absolute-names -- "$1" 2>/dev/null | sed '1d; /^security[.]evm=/d')
    [ -n "$carry_list" ] || return 0
    carry_said=$( (cd "\${2%/*}/" && printf '# file: %s\\n%s\\n' "\${2##*/}" "$carry_list" | setfattr --restore=-) 2>&1) && return 0
  else
    case $carry_said in *nrecognized* | *nknown* | *llegal* | *nvalid* | *without*) return 0 ;; esac
  fi
  printf '%s\\n' "$1 has extended attributes, which would be lost: $carry_said" >&2
  return 1
}
`
