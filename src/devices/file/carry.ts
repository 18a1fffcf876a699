/**
 * `carry FROM TO`: gives a new file the ACL and the extended attributes of the one whose place it takes. Ends with 1, and
 * says why, when there are some that it cannot carry over. busybox shows neither, so there they are kept only where the
 * tools of the packages acl and attr are. `cp --attributes-only` is GNU's; it also takes away what `TO` has by the
 * default ACL of its folder. The attributes of a module of the kernel that guards contents (security.evm) are not copied.
 *
 * `swap FROM TO MODE OWNER` puts a new file in the place of an old one. Where nothing can show whether the old one has any of these
 * (busybox, without the packages), it keeps them by keeping the inode: a copy of the old content stands in its place while
 * the new content is written into it under another name, so that the name leads to all of the one or all of the other at
 * every moment. The copy gives the group nothing, since its bits may be the mask of an ACL, and nor does that of `backup_of`.
 * Without MODE both have the same rights, or the old one is not kept. Programs, files with several names and what is large are moved as usual: others may have them mapped.
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
is_blind() {
  [ -f "$1" ] && [ ! -L "$1" ] && ! command -v getfacl >/dev/null 2>&1 || return 1
  case $(cp --help 2>&1) in *--attributes-only*) return 1 ;; esac
}
keeps_inode() {
  [ -n "$(find "$2" ! -perm -100 -links 1 -size -129 2>/dev/null)" ] && [ -n "$(find "$1" -size -129 2>/dev/null)" ] && is_blind "$2"
}
rights_of() { ls -ldn "$1" | sed 's/^\\([^ ]*\\)  *[0-9]*  *\\([0-9]*\\)  *\\([0-9]*\\) .*/\\1 \\2 \\3/'; }
backup_of() {
  cp -p "$1" "$2" && carry "$1" "$2" || return 1
  if is_blind "$1"; then chmod g= "$2"; fi
}
swap() {
  if keeps_inode "$1" "$2" && { [ -n "$3" ] || [ "$(rights_of "$1")" = "$(rights_of "$2")" ]; } && ln "$2" "$1.i" 2>/dev/null; then
    trap '' HUP INT TERM
    cp -p "$2" "$1.o" && chmod g= "$1.o" && mv -f "$1.o" "$2" || { rm -f "$1.i" "$1.o"; return 1; }
    if cat "$1" >"$1.i" && { [ -z "$4" ] || chown "$4" "$1.i"; } && { [ -z "$3" ] || chmod "$3" "$1.i"; }; then
      sync "$1.i" 2>/dev/null
      mv -f "$1.i" "$2" && rm -f "$1"
      return
    fi
    if cat "$2" >"$1.i"; then mv -f "$1.i" "$2"; else rm -f "$1.i"; fi
    return 1
  fi
  mv -f "$1" "$2"
}
`
