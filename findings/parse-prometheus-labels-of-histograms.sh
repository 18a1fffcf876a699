#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 and a page of metrics that has one histogram and one summary of two tills, told apart by a label.
# Its description says that its answer is meant to be compatible with that of prom2json, which gives one entry for each set of labels.
# Guess before the run: two entries each, with the label `till`, their buckets or quantiles, their sum and count.
# Seen: one entry each, without labels, sum and count, and with the values of the till that came last, no word said. A gauge, and the same
# histogram without labels, are read whole. Whoever watches tills with it has one till's receipts for all: histograms are to be read
# by another parser, or a page of one till at a time, without labels.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund parse-prometheus-text-format@1.1.1 >/dev/null
cat >look.mjs <<'JS'
import read from 'parse-prometheus-text-format'

/** The labels of one till, with one more, or none. */
const braces = (...labels) => (labels.some(Boolean) ? `{${labels.filter(Boolean).join(',')}}` : '')
const histogram = (till, few, all) => `
receipt_seconds_bucket${braces(till, 'le="0.5"')} ${few}
receipt_seconds_bucket${braces(till, 'le="+Inf"')} ${all}
receipt_seconds_sum${braces(till)} ${all / 2}
receipt_seconds_count${braces(till)} ${all}`
const summary = (till, median) => `
cut_seconds${braces(till, 'quantile="0.5"')} ${median}
cut_seconds_sum${braces(till)} 10
cut_seconds_count${braces(till)} 20`

const pages = [
  `# TYPE receipt_seconds histogram${histogram('till="1"', 3, 4)}${histogram('till="2"', 70, 90)}`,
  `# TYPE cut_seconds summary${summary('till="1"', 0.1)}${summary('till="2"', 0.7)}`,
  '# TYPE drawer_open gauge\ndrawer_open{till="1"} 0\ndrawer_open{till="2"} 1',
  `# TYPE receipt_seconds histogram${histogram('', 70, 90)}`,
]
for (const page of pages) console.log(JSON.stringify(read(`${page}\n`)[0].metrics))
JS
seen=$(node look.mjs)
printf 'parse-prometheus-text-format 1.1.1\n%s\n' "$seen"
expected='[{"buckets":{"0.5":"70","+Inf":"90"}}]
[{"quantiles":{"0.5":"0.7"}}]
[{"value":"0","labels":{"till":"1"}},{"value":"1","labels":{"till":"2"}}]
[{"buckets":{"0.5":"70","+Inf":"90"},"count":"90","sum":"45"}]'
[ "$seen" = "$expected" ]
