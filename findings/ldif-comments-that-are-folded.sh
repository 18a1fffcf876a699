#!/usr/bin/env bash
# ldif 0.5.1 (npm), "100% RFC-compliance; should comprehend any valid LDIF file", and what a directory gives of its tills. RFC 2849: "Any line (including comments) may be
# folded", by a line break and a space.
# Guess before the run: a folded comment is passed over with its second line, as a folded value is read with it.
# Seen: the file with the folded comment is refused whole, as if its second line were out of place; the same comment in one line is passed over, and a folded value is read.
# Whoever reads files of ldapsearch by it asks for no comments (-LLL) and no folding (-o ldif-wrap=no).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ldif@0.5.1 >/dev/null
cat >look.js <<'JS'
const ldif = require('ldif')

const look = (name, lines) => {
  const text = `version: 1\ndn: cn=till 4,dc=example\ncn: till 4\n${lines}owner: cn=store 12\n`
  try {
    console.log(`${name}: ${JSON.stringify(ldif.parse(text).entries.map((entry) => entry.toObject({}).attributes))}`)
  } catch (error) {
    console.log(`${name}: ${error.name}, ${error.message.split(' (')[0]}`)
  }
}
look('folded value', 'description: at the\n  entrance\n')
look('comment', '# till 4, store 12\n')
look('folded comment', '# till 4,\n  store 12\n')
JS
seen=$(node look.js)
printf 'ldif 0.5.1\n%s\n' "$seen"
expected='folded value: [{"cn":"till 4","description":"at the entrance","owner":"cn=store 12"}]
comment: [{"cn":"till 4","owner":"cn=store 12"}]
folded comment: SyntaxError, Expected end of input or entry but " " found.'
[ "$seen" = "$expected" ]
