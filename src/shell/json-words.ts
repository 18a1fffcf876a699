/**
 * For the head of a user's script in sh: messages in the C locale, `need_tool NAME…` as in `TOOL_PRELUDE`, and
 * `json_text TEXT` and `json_object NAME VALUE …`, which print JSON whatever bytes a text holds. A NAME with a colon
 * behind it takes its VALUE as JSON that it is already (a number, true, another object; nothing is null). Only shell
 * built-ins; variables are called `till_…`.
 */
export const JSON_WORDS = `LC_ALL=C; export LC_ALL
need_tool() {
  for till_tool in "$@"; do
    command -v "$till_tool" >/dev/null 2>&1 || { printf '%s\\n' "till: missing program: $till_tool" >&2; exit 97; }
  done
}
json_text() {
  till_rest=$1
  printf '"'
  while :; do
    till_part=\${till_rest%%[\\\\\\"[:cntrl:]]*}
    printf '%s' "$till_part"
    [ "$till_part" != "$till_rest" ] || break
    till_rest=\${till_rest#"$till_part"}
    till_sign=\${till_rest%"\${till_rest#?}"}
    till_rest=\${till_rest#?}
    case $till_sign in
      \\\\ | '"') printf '\\\\%s' "$till_sign" ;;
      *) printf '\\\\u%04x' "'$till_sign" ;;
    esac
  done
  printf '"'
}
json_object() {
  till_comma=
  printf '{'
  while [ "$#" -gt 0 ]; do
    [ "$#" -ge 2 ] || { echo 'till: json_object takes names and values in pairs' >&2; exit 2; }
    printf '%s' "$till_comma"
    till_comma=,
    case $1 in
      *:) json_text "\${1%:}"; printf ':%s' "\${2:-null}" ;;
      *) json_text "$1"; printf ':'; json_text "$2" ;;
    esac
    shift 2
  done
  printf '}\\n'
}
`
