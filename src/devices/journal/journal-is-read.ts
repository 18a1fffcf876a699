/**
 * Ends the script where the journal cannot be read. To somebody who may not, journalctl shows what he may, says so beside it (what entries
 * say is nothing to go by) and ends with 0. Of a unit that does not exist it shows nothing, as of one that is quiet.
 */
export const JOURNAL_IS_READ = `complaint=$(journalctl --no-pager -n 1 -o cat 2>&1 >/dev/null)
case $complaint in
  *"not seeing messages"* | *"nsufficient permissions"*) printf '%s\\n' 'Permission denied: this account sees no messages of the system (group systemd-journal)' >&2; exit 1 ;;
esac
said=$(journalctl --no-pager -n 1 -o cat --show-cursor 2>/dev/null)
code=$?
case $said in '' | '-- No entries --') said= ;; esac
case $complaint,$code in
  *"No journal files were found"* | ,* | *,0) [ -n "$said" ] || { printf '%s\\n' 'The journal is empty: journald keeps nothing here' >&2; exit 1; } ;;
esac
if [ "$code" -ne 0 ]; then printf '%s\\n' "$complaint" >&2; exit "$code"; fi
`
