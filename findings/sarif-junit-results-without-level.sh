#!/usr/bin/env bash
# sarif-junit 1.1.4 and results that do not say their level. SARIF 2.1.0, 3.27.10: such a result has the level of its rule's
# defaultConfiguration, and "warning" where that has none; most producers leave out what their rules say already.
# Guess before the run: the results of an error's rule and of a rule that says nothing are failures, a note is none, and one that is
# suppressed (3.27.23) or "absent" since the baseline (3.27.24) is none either.
# Seen: whatever does not say its level passes, errors too, so the pipeline is green; and what is suppressed or gone fails, if it says
# its level. Whoever puts it behind another tool writes levels into the results, and takes out what is suppressed or absent, first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sarif-junit@1.1.4 >/dev/null
cat >look.cjs <<'JS'
const { readFileSync, writeFileSync } = require('node:fs')
const convert = require('sarif-junit')

const locations = [{ physicalLocation: { artifactLocation: { uri: 'tills.yaml' }, region: { startLine: 3 } } }]
const rules = [{ id: 'E', defaultConfiguration: { level: 'error' } }, { id: 'W' }, { id: 'N', defaultConfiguration: { level: 'note' } }]
const result = (text, rule, more) => ({ ruleId: rules[rule].id, ruleIndex: rule, message: { text }, locations, ...more })
const results = [
  result('error by its rule', 0),
  result('warning by default', 1),
  result('note by its rule', 2),
  result('error in the result', 0, { level: 'error' }),
  result('suppressed', 0, { level: 'error', suppressions: [{ kind: 'external', status: 'accepted' }] }),
  result('absent', 0, { level: 'error', baselineState: 'absent' }),
]
writeFileSync('in.sarif', JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 'look', rules } }, results }] }))
const { error } = convert({ _: [], i: 'in.sarif', o: 'out.xml' })
if (error) throw new Error(error)
for (const [, test] of readFileSync('out.xml', 'utf8').matchAll(/(<testcase (?:[^>]*\/>|[\s\S]*?<\/testcase>))/g)) {
  console.log(`${/ name="(?:Ln 3 )?([^"]*)"/.exec(test)[1]}: ${test.includes('<failure') ? 'failure' : 'passed'}`)
}
JS
seen=$(node look.cjs)
printf 'sarif-junit 1.1.4\n%s\n' "$seen"
expected='error by its rule: passed
warning by default: passed
note by its rule: passed
error in the result: failure
suppressed: failure
absent: failure'
[ "$seen" = "$expected" ]
