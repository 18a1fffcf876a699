#!/usr/bin/env bash
# adf-to-markdown 1.0.1 and adf-to-md 1.2.1 (npm), which make Markdown of what a ticket holds in Jira's cloud, and a procedure of numbered steps. Atlassian Document Format:
# an item of a list ("listItem") may hold paragraphs, code blocks and lists; a "date" is a day, as milliseconds since 1970 in UTC.
# CommonMark 0.31, 5.2: what belongs to an item stands in lines of its own, indented under it.
# Guess before the run: each step with its command under it, and its own points under it; 2026-12-01 is that day wherever the machine stands.
# Seen: adf-to-markdown leaves the commands out, an item that is a command alone leaves no line at all, and west of Greenwich the day is 11/30/2026. adf-to-md puts
# command and points into the line of their step ("1. stop the till ``` sh"), where the fence is none: what closes it opens a block, and the steps
# behind it are what is shown as a command. It leaves out dates, and says so on the terminal. A code block outside a list is right with both.
# Whoever carries procedures over to a wiki with them looks for "codeBlock" within "listItem" first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund adf-to-markdown@1.0.1 adf-to-md@1.2.1 >/dev/null
cat >look.cjs <<'JS'
const { convertADFToMarkdown } = require('adf-to-markdown')
const { convert } = require('adf-to-md')

const text = (words) => ({ type: 'text', text: words })
const paragraph = (words) => ({ type: 'paragraph', content: [text(words)] })
const code = (words) => ({ type: 'codeBlock', attrs: { language: 'sh' }, content: [text(words)] })
const list = (type, ...items) => ({ type, content: items.map((content) => ({ type: 'listItem', content })) })
const documents = {
  'command in a step': list('orderedList', [paragraph('stop the till'), code('systemctl stop till')], [paragraph('look')]),
  'command alone': list('bulletList', [code('systemctl stop till')], [paragraph('look')]),
  'points of a step': list('orderedList', [paragraph('look at'), list('bulletList', [paragraph('printer')], [paragraph('drawer')])]),
  'command outside': code('systemctl stop till'),
  day: { type: 'paragraph', content: [{ type: 'date', attrs: { timestamp: '1796083200000' } }] },
}
/** It writes down what it leaves out. */
console.log = () => {}
for (const [name, part] of Object.entries(documents)) {
  const copy = () => structuredClone({ version: 1, type: 'doc', content: [part] })
  process.stdout.write(`${name}, adf-to-markdown: ${JSON.stringify(convertADFToMarkdown(copy()))}\n`)
  process.stdout.write(`${name}, adf-to-md: ${JSON.stringify(convert(copy()).result)}\n`)
}
JS
seen=$(LC_ALL=C TZ=America/Lima node look.cjs)
printf 'adf-to-markdown 1.0.1, adf-to-md 1.2.1\n%s\n' "$seen"
expected='command in a step, adf-to-markdown: "1. stop the till\n2. look"
command in a step, adf-to-md: "  1. stop the till ``` sh\nsystemctl stop till\n```\n  2. look"
command alone, adf-to-markdown: "- look"
command alone, adf-to-md: "  * ``` sh\nsystemctl stop till\n```\n  * look"
points of a step, adf-to-markdown: "1. look at\n  - printer\n  - drawer"
points of a step, adf-to-md: "  1. look at   * printer\n  * drawer"
command outside, adf-to-markdown: "```sh\nsystemctl stop till\n```"
command outside, adf-to-md: "``` sh\nsystemctl stop till\n```"
day, adf-to-markdown: "11/30/2026"
day, adf-to-md: ""'
[ "$seen" = "$expected" ]
