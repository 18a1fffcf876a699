#!/usr/bin/env bash
# mqtt-pattern 2.1.1, mqtt-match 3.0.0 and mqtt-wildcard 3.0.9, by which a client that has several subscriptions finds whose message it got.
# MQTT 5, 4.7.1.3 (and 3.1.1 alike): "+" stands for one level whatever is in it, "/finance" matches "+/+" and "/+"; 4.7.1.1: levels may be
# empty; 4.7.2: filters that begin with a wildcard do not match topics that begin with "$".
# Guess before the run: whatever a broker delivers for a filter, the same filter finds in the client, and nothing else.
# Seen: for mqtt-pattern "+" does not match an empty level, so an alarm of "/till/1/alarm", as devices with a leading slash publish, is delivered
# for "+/till/+/alarm" and then dropped without a word; "/till/+/alarm" finds it. All three have "#" and "+/broker/load" match "$SYS", so a
# client that asks for "$SYS/#" besides, to watch its broker, hands the broker's counters to what reads tills.
# Whoever tells messages apart goes by the subscription identifier of MQTT 5, or gives filters whose levels are all named.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mqtt-pattern@2.1.1 mqtt-match@3.0.0 mqtt-wildcard@3.0.9 >/dev/null
cat >look.cjs <<'JS'
const { matches } = require('mqtt-pattern')
const match = require('mqtt-match')
const wildcard = require('mqtt-wildcard')

// Filter, topic, and whether they match by the standard.
const cases = [
  ['+/till/+/alarm', '/till/1/alarm', true],
  ['/till/+/alarm', '/till/1/alarm', true],
  ['till/+/alarm', 'till//alarm', true],
  ['+/+', '/finance', true],
  ['+', '/finance', false],
  ['till/#', 'till', true],
  ['#', '$SYS/broker/load', false],
  ['+/broker/load', '$SYS/broker/load', false],
]
for (const [filter, topic, standard] of cases) {
  const told = [matches(filter, topic), (match.default ?? match)(filter, topic), wildcard(topic, filter) !== null]
  console.log(`${filter} ${topic}: ${standard}, ${told.join(' ')}`)
}
JS
seen=$(node look.cjs)
printf 'filter topic: the standard, mqtt-pattern 2.1.1 mqtt-match 3.0.0 mqtt-wildcard 3.0.9\n%s\n' "$seen"
expected='+/till/+/alarm /till/1/alarm: true, false true true
/till/+/alarm /till/1/alarm: true, true true true
till/+/alarm till//alarm: true, false true true
+/+ /finance: true, false true true
+ /finance: false, false false false
till/# till: true, true true true
# $SYS/broker/load: false, true true true
+/broker/load $SYS/broker/load: false, true true true'
[ "$seen" = "$expected" ]
