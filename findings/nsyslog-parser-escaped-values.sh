#!/usr/bin/env bash
# nsyslog-parser 0.10.1 and structured data of a message by RFC 5424, whose values have `"`, `\` and `]` each behind a backslash (6.3.3).
# Guess before the run: in each message two elements, pos@32473 with its till and its note without the backslashes, and net@32473.
# Seen: where a value has two escaped quotes, its element is lost with all its values; with one, the element behind it is lost, its name
# becomes a part of the value and its port one of the first element; the backslashes of `\]` and `\\` stay. The message is right, and
# no error is told.
# Whoever reads events of printers and vending machines with it, texts that people wrote among them, reads structured data from
# `originalMessage` by 6.3 itself.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nsyslog-parser@0.10.1 >/dev/null
cat >look.cjs <<'JS'
const read = require('nsyslog-parser')

for (const note of ['say \\"jam\\" twice', '19\\" rack', 'slot [4\\]', 'C:\\\\log']) {
  const data = `[pos@32473 till="1" note="${note}"][net@32473 port="9100"]`
  const { structuredData, message } = read(`<165>1 2026-11-30T22:14:15.003Z till-1.shop printd 812 ID47 ${data} paper out`)
  console.log(`${note}: ${JSON.stringify(structuredData)} ${message}`)
}
JS
seen=$(node look.cjs)
printf 'nsyslog-parser 0.10.1\n%s\n' "$seen"
expected='say \"jam\" twice: [{"$id":"net@32473","port":"9100"}] paper out
19\" rack: [{"$id":"pos@32473","till":"1","note":"19\\ rack][net@32473","port":"9100"}] paper out
slot [4\]: [{"$id":"pos@32473","till":"1","note":"slot [4\\]"},{"$id":"net@32473","port":"9100"}] paper out
C:\\log: [{"$id":"pos@32473","till":"1","note":"C:\\\\log"},{"$id":"net@32473","port":"9100"}] paper out'
[ "$seen" = "$expected" ]
