#!/usr/bin/env bash
# jc 1.22.5 (Debian 12, --cef) and nsyslog-parser 0.10.1 (npm) and events of printers and payments in the Common Event Format. ArcSight's implementation standard of CEF,
# "Character Encoding": in the header | is written \|, in the extension = is written \=, in both \ is written \\; = needs no backslash in the header.
# Guess before the run: both have the severity 8, the name "Paper | ribbon", the whole address with its ?a=b&c=d, the path C:\till\new and the event 7E1 as it is.
# Seen: with a \| or a = in the header, jc has no name and no severity, so that no alarm goes by it; what is left of the header becomes the name of the first value. Of the path,
# which has \\n in it, \n becomes the end of a line: "C:\till" and "ew". The event 7E1 has the number 71. nsyslog-parser cuts each value at its first \= and drops what
# is behind; no backslash is taken out. Neither says a word, and without such signs both agree.
# Whoever alarms by them takes events by their class (deviceEventClassId), and leaves addresses, paths and commands out of the extension.
# Debian's package is taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v jq >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12, jq"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq jc=1.22.5-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x jc_*.deb .
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nsyslog-parser@0.10.1 >/dev/null
cat >events <<'CEF'
CEF:0|Acme|Till|2.1|100|Paper or ribbon|8|dhost=till-1 msg=Slot 4
CEF:0|Acme|Till|2.1|100|Paper \| ribbon|8|dhost=till-1 msg=Slot 4
CEF:0|Acme|Till|2.1|100|Mode=offline|8|dhost=till-1 msg=Slot 4
CEF:0|Acme|Till|2.1|7E1|Update|3|request=http://hq.example/x?a\=b&c\=d filePath=C:\\till\\new
CEF
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const read = require('nsyslog-parser')

for (const line of readFileSync('events', 'utf8').trim().split('\n')) {
  const { cef, fields } = read(`<134>Nov 30 20:30:15 till-1 ${line}`)
  console.log(JSON.stringify([cef.deviceEventClassID, cef.name, cef.severity, fields]))
}
JS
seen=$(
  echo jc
  PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -m jc --cef <events |
    jq -c '.[] | [.deviceEventClassId, .deviceEventClassIdNum, .name, .agentSeverity, del(.deviceEventClassId, .deviceEventClassIdNum, .name, .agentSeverity, .agentSeverityNum,
      .agentSeverityString, .CEFVersion, .deviceVendor, .deviceProduct, .deviceVersion)]'
  echo nsyslog-parser
  node look.cjs
)
printf 'jc 1.22.5, nsyslog-parser 0.10.1\n%s\n' "$seen"
expected='jc
["100",100,"Paper or ribbon","8",{"dhost":"till-1","msg":"Slot 4"}]
["100",100,"",null,{"ribbon_8_dhost":"till-1","msg":"Slot 4"}]
["100",100,"",null,{"offline_8_dhost":"till-1","msg":"Slot 4"}]
["7E1",71,"Update","3",{"request":"http://hq.example/x?a=b&c=d","filePath":"C:\\till\new"}]
nsyslog-parser
["100","Paper or ribbon","8",{"dhost":"till-1","msg":"Slot 4"}]
["100","Paper \\| ribbon","8",{"dhost":"till-1","msg":"Slot 4"}]
["100","Mode=offline","8",{"dhost":"till-1","msg":"Slot 4"}]
["7E1","Update","3",{"request":"http://hq.example/x?a\\","filePath":"C:\\\\till\\\\new"}]'
[ "$seen" = "$expected" ]
