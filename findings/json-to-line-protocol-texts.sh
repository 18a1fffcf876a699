#!/usr/bin/env bash
# json-to-line-protocol 0.2.0 (npm), which "will perform any necessary escaping on strings as specified by the protocol", and InfluxDB 1.6.7 (Debian 12), where the two meet. Line
# protocol: the value of a field that is a text stands in double quotes, behind a backslash each " and \ of its own; without quotes it is a number or a truth.
# Guess before the run: the number of a receipt, a version of firmware, a serial number and a short note, all given as texts, are read back as these texts.
# Seen: no text gets quotes. 000412 is 412, version 1.10 is 1.1, the serial number 7E1 is 70 and the note "t" is true, all taken with 204. A note "7,total=0" behind it makes
# 0 of the total 19.9. A version 1.10.2 refuses the whole point, which is the first word of it, and comes with a device that was updated.
# Names, tags and numbers are right. Whoever writes texts by it puts quotes around each and backslashes before " and \ first; then they come back as they were.
# Debian's package is taken into a temporary folder; loopback only.
set -euo pipefail
command -v apt-get >/dev/null && command -v curl >/dev/null && command -v jq >/dev/null || { echo "needs Debian 12, curl, jq"; exit 2; }
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; }; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq 'influxdb=1.6.7~rc0-1+b13' 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x influxdb_*.deb .
npm init -y >/dev/null
npm install --silent --no-audit --no-fund json-to-line-protocol@0.2.0 >/dev/null
free() { node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }
port=$(free)
cat >influx.conf <<CONFIG
reporting-disabled = true
bind-address = "127.0.0.1:$(free)"
[meta]
dir = "$folder/meta"
[data]
dir = "$folder/data"
wal-dir = "$folder/wal"
[http]
bind-address = "127.0.0.1:$port"
log-enabled = false
CONFIG
usr/bin/influxd run -config influx.conf >log 2>&1 &
pid=$!
for _ in $(seq 100); do
  if curl -fsS "http://127.0.0.1:$port/ping" 2>/dev/null; then break; fi
  sleep 0.2
done
curl -fsS -o /dev/null "http://127.0.0.1:$port/query" --data-urlencode 'q=CREATE DATABASE tills'
cat >line.cjs <<'JS'
const { convert } = require('json-to-line-protocol')
const [measurement, ...pairs] = process.argv.slice(2)
const fields = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
if (fields.total) fields.total = Number(fields.total)
process.stdout.write(convert({ measurement, tags: { store: 'PL-0412' }, fields }))
JS
write() {
  node line.cjs "$@" >line
  code=$(curl -s -o answer -w '%{http_code}' "http://127.0.0.1:$port/write?db=tills" --data-binary @line)
  echo "$(cat line): $code$([ "$code" = 204 ] || jq -r '": \(.error)"' answer)"
}
query() { curl -fsS -G "http://127.0.0.1:$port/query?db=tills" --data-urlencode "q=$1" | jq -c '.results[0].series[0] | [.columns[1:], .values[0][1:]]'; }
seen=$(
  write sale receipt=000412 version=1.10 serial=7E1 note=t
  query 'SELECT * FROM sale'
  write edge total=19.9 note=7,total=0
  query 'SELECT * FROM edge'
  write sale version=1.10.2
  write quoted 'receipt="000412"' 'note="say \"jam\", 7,total=0"'
  query 'SELECT * FROM quoted'
)
seen=${seen//\'/\"}
printf 'json-to-line-protocol 0.2.0, InfluxDB 1.6.7\n%s\n' "$seen"
expected='sale,store=PL-0412 receipt=000412,version=1.10,serial=7E1,note=t: 204
[["note","receipt","serial","store","version"],[true,412,70,"PL-0412",1.1]]
edge,store=PL-0412 total=19.9,note=7,total=0: 204
[["note","store","total"],[7,"PL-0412",0]]
sale,store=PL-0412 version=1.10.2: 400: unable to parse "sale,store=PL-0412 version=1.10.2": invalid number
quoted,store=PL-0412 receipt="000412",note="say \"jam\", 7,total=0": 204
[["note","receipt","store"],["say \"jam\", 7,total=0","000412","PL-0412"]]'
[ "$seen" = "$expected" ]
