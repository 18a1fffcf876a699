#!/usr/bin/env bash
# junit-report-merger 9.0.4 and junit-to-ctrf 0.0.14, and times of 1,000 seconds and more as Maven Surefire writes them: "1,200.5".
# The schema of its reports (surefire-test-report.xsd, SUREFIRE_TIME) allows a comma before each three places.
# Guess before the run: of suites of 1,200.5 and 2 seconds, the merged file says 1200.5, or 1202.5 with `sumTime`; CTRF has 1,200,500 ms.
# Seen: the merger leaves such a suite out of both, so the longest ones count nothing: 2 s; the suites keep their own texts. CTRF has
# 1,000 ms, the digits before the comma. Without the comma all are right. Whoever judges how long a night's tests of tills took
# takes the commas out first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund junit-report-merger@9.0.4 junit-to-ctrf@0.0.14 >/dev/null
cat >look.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { mergeToString } from 'junit-report-merger'
import { convertJUnitToCTRFReport } from 'junit-to-ctrf'

const report = (time) =>
  `<testsuite name="s${time.length}" tests="1" failures="0" errors="0" skipped="0" time="${time}"><testcase name="night" classname="till" time="${time}"/></testsuite>`
for (const time of ['1,200.5', '1200.5']) {
  const [longest, sum] = await Promise.all([false, true].map(async (sumTime) => {
    const merged = await mergeToString([report(time), report('2')], { sumTime })
    return /<testsuites [^>]*?time="([^"]*)"/.exec(merged)[1]
  }))
  writeFileSync('report.xml', report(time))
  const { duration } = (await convertJUnitToCTRFReport('report.xml')).results.tests[0]
  console.log(`${time}: longest ${longest} s, sum ${sum} s, CTRF ${duration} ms`)
}
JS
seen=$(node look.mjs)
printf 'junit-report-merger 9.0.4, junit-to-ctrf 0.0.14\n%s\n' "$seen"
expected='1,200.5: longest 2 s, sum 2 s, CTRF 1000 ms
1200.5: longest 1200.5 s, sum 1202.5 s, CTRF 1200500 ms'
[ "$seen" = "$expected" ]
