#!/usr/bin/env bash
# Alertmanager 0.25.0 (Debian) and a silence that is sent again by its id, to make it last longer (POST /api/v2/silences).
# One would expect that the id stays, whatever else of an active silence is changed with its end.
# Seen: it stays where comment and end change. Where `startsAt` is another second than the one on record, as it is for
# whoever fills it with the present moment again, or where a matcher changes, the answer names a new id and the old silence is
# expired: who goes on with the id that was given first closes nothing at the end.
# It takes Debian's package from the archive into a temporary folder; loopback only.
set -eu
command -v apt-get >/dev/null && command -v jq >/dev/null && command -v curl >/dev/null || { echo "needs Debian, jq, curl"; exit 2; }
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus-alertmanager=0.25.0-1+b4 2>/dev/null || apt-get download -qq prometheus-alertmanager=0.25.0*
dpkg -x prometheus-alertmanager_*.deb .
printf 'route: {receiver: none}\nreceivers: [{name: none}]\n' >config.yml
port=$((20000 + $$ % 20000))
usr/bin/prometheus-alertmanager --config.file=config.yml --storage.path=data --cluster.listen-address= \
  --web.listen-address=127.0.0.1:$port >log 2>&1 &
pid=$!
until curl -sf "http://127.0.0.1:$port/-/ready" >/dev/null; do kill -0 "$pid"; sleep 0.1; done

# send ID STARTS ENDS DEVICE COMMENT
send() {
  jq -n --arg id "$1" --arg from "$2" --arg to "$3" --arg device "$4" --arg comment "$5" '
    {matchers: [{name: "device", value: $device, isRegex: false, isEqual: true}], startsAt: $from, endsAt: $to,
     createdBy: "till", comment: $comment} + (if $id == "" then {} else {id: $id} end)' |
    curl -s -H 'Content-Type: application/json' -d @- "http://127.0.0.1:$port/api/v2/silences" | jq -r .silenceID
}
state() { curl -s "http://127.0.0.1:$port/api/v2/silence/$1" | jq -r .status.state; }
told() { [ "$1" = "$2" ] && echo same || echo new; }

moment() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
end=$(moment '+10 minutes') later=$(moment '+20 minutes')
first=$(send '' "$(moment now)" "$end" till-1 one)
from=$(curl -s "http://127.0.0.1:$port/api/v2/silence/$first" | jq -r .startsAt)
seen="end and comment: $(told "$first" "$(send "$first" "$from" "$later" till-1 two)") id"
sleep 1.1
second=$(send "$first" "$(moment now)" "$later" till-1 two)
seen="$seen
startsAt of now: $(told "$first" "$second") id, the first is $(state "$first")"
from=$(curl -s "http://127.0.0.1:$port/api/v2/silence/$second" | jq -r .startsAt)
third=$(send "$second" "$from" "$later" till-2 two)
seen="$seen
another matcher: $(told "$second" "$third") id, the second is $(state "$second")"
expected='end and comment: same id
startsAt of now: new id, the first is expired
another matcher: new id, the second is expired'
usr/bin/prometheus-alertmanager --version 2>&1 | head -1
printf '%s\n' "$seen"
[ "$seen" = "$expected" ]
