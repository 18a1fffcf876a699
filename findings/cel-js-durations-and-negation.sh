#!/usr/bin/env bash
# @marcbachmann/cel-js 8.0.0 beside the language definition of CEL (cel-spec, langdef.md) and its conformance tests
# (tests/simple/testdata/timestamps.textproto, integer_math.textproto), for four expressions that a runbook could hold.
# Guess before the run, by the specification: 321, the milliseconds within the second; 5, since a time zone may be a fixed
# offset from UTC; an overflow of int64 is an error, by negation as by addition.
# Seen: all 1,321 milliseconds; a fixed offset is refused; addition overflows with an error, negation gives a number beyond int64.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @marcbachmann/cel-js@8.0.0 >/dev/null
cat >look.mjs <<'JS'
import { evaluate } from '@marcbachmann/cel-js'

for (const expression of [
  'duration("1.321s").getMilliseconds()',
  'timestamp("2026-11-30T23:30:00Z").getHours("+05:30")',
  '9223372036854775807 + 1',
  '-(-9223372036854775807 - 1)',
]) {
  let answer
  try {
    answer = String(evaluate(expression))
  } catch (error) {
    answer = `error: ${error.message.split('\n')[0]}`
  }
  console.log(`${expression}: ${answer}`)
}
JS
seen=$(node look.mjs)
printf '@marcbachmann/cel-js 8.0.0\n%s\n' "$seen"
expected='duration("1.321s").getMilliseconds(): 1321
timestamp("2026-11-30T23:30:00Z").getHours("+05:30"): error: Invalid time zone specified: +05:30
9223372036854775807 + 1: error: integer overflow: 9223372036854775808
-(-9223372036854775807 - 1): 9223372036854775808'
[ "$seen" = "$expected" ]
