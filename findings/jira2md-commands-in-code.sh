#!/usr/bin/env bash
# jira2md 3.0.1 (npm), which turns Jira's notation into Markdown and back, and a ticket that says what to type. Jira's "Text Formatting Notation": within {code} nothing
# else is formatted; within {noformat} nothing is at all. CommonMark 0.31, 4.5: what a fenced block holds is taken literally.
# Guess before the run: what stands in a block, in either notation, comes out of it as it went in.
# Seen: it is formatted like all else. Going to Markdown, *.log twice in a line becomes **.log, $till_id and $run_id become $till*id and $run*id, a comment
# `# stop the till` becomes "1. stop the till", and [main] of a file in INI becomes <main>. Going to Jira, *.log twice becomes _.log, a comment becomes
# "h1. ...", and a line "- x" or "> x" changes its sign where a list or a quotation does. A text between {{ }} or ` ` fares the same. No word of it.
# Whoever copies a command from such a text runs another one: blocks are to be cut out before and put back behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jira2md@3.0.1 >/dev/null
cat >look.cjs <<'JS'
const { to_jira: toJira, to_markdown: toMarkdown } = require('jira2md')

const blocks = ['ls /srv/*.log /tmp/*.log', 'echo $till_id $run_id', '# stop the till', '[main]']
const inside = (text) => text.split('\n').slice(1, -1).join(' / ')
for (const block of blocks) {
  console.log(`to Markdown, {code}: ${inside(toMarkdown(`{code}\n${block}\n{code}`))}`)
  console.log(`to Markdown, {noformat}: ${inside(toMarkdown(`{noformat}\n${block}\n{noformat}`))}`)
  console.log(`to Jira, fenced: ${inside(toJira(`\`\`\`\n${block}\n\`\`\``))}`)
}
console.log(`to Markdown, in a line: ${toMarkdown('type {{ls *.log *.bak}} there')}`)
console.log(`to Jira, in a line: ${toJira('type `ls *.log *.bak` there')}`)
JS
seen=$(node look.cjs)
printf 'jira2md 3.0.1\n%s\n' "$seen"
expected='to Markdown, {code}: ls /srv/**.log /tmp/**.log
to Markdown, {noformat}: ls /srv/**.log /tmp/**.log
to Jira, fenced: ls /srv/_.log /tmp/_.log
to Markdown, {code}: echo $till*id $run*id
to Markdown, {noformat}: echo $till*id $run*id
to Jira, fenced: echo $till_id $run_id
to Markdown, {code}: 1. stop the till
to Markdown, {noformat}: 1. stop the till
to Jira, fenced: h1. stop the till
to Markdown, {code}: <main>
to Markdown, {noformat}: <main>
to Jira, fenced: [main]
to Markdown, in a line: type `ls **.log **.bak` there
to Jira, in a line: type {{ls _.log _.bak}} there'
[ "$seen" = "$expected" ]
