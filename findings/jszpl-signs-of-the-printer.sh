#!/usr/bin/env bash
# jszpl 2.0.1, which makes labels in ZPL, and zpl-renderer-js 3.4.0, which shows what a printer makes of them. ZPL II Programming Guide: `^` and `~` begin
# a command wherever they stand; in a text they are written by their numbers, _5E and _7E, behind ^FH.
# Guess before the run: "Soup ~200 g" and "Tea 2^4 bags" come out as they were given; whoever makes a label writes such signs by their numbers.
# Seen: texts go into ^FD as they are. The label says "Soup" and "Tea 2", the weight and the count are gone, no error by either; the line below is there.
# Written with ^FH, the signs are printed. Whoever makes labels with it takes ~ and ^ out of names of articles, or writes ZPL of one's own for them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jszpl@2.0.1 zpl-renderer-js@3.4.0 >/dev/null
cat >look.mjs <<'JS'
import { createRequire } from 'node:module'
import { ready } from 'zpl-renderer-js'

const { FontFamily, FontFamilyName, Label, PrintDensity, PrintDensityName, Text } = createRequire(import.meta.url)('jszpl')
const { api } = await ready
const picture = (zpl) => api.zplToBase64Async(zpl, 60, 30, 8)

/** A label of two lines. */
function label(...lines) {
  const made = Object.assign(new Label(), { width: 60, height: 30, printDensity: new PrintDensity(PrintDensityName['8dpmm']) })
  const font = new FontFamily(FontFamilyName.D)
  for (const [at, text] of lines.entries()) made.content.push(Object.assign(new Text(), { text, top: 60 * at, left: 0, fixed: true, fontFamily: font }))
  return made.generateZPL()
}
const withNumbers = (zpl) => zpl.replace(/\^FD(.*)\^FS/g, (_, text) => `^FH^FD${text.replace('~', '_7E').replace('^', '_5E')}^FS`)
for (const [text, left] of [['Soup ~200 g', 'Soup '], ['Tea 2^4 bags', 'Tea 2']]) {
  const zpl = label(text, 'best before')
  const shown = await picture(zpl)
  console.log(`${/\^FD.*/.exec(zpl)[0]}: ${shown === (await picture(label(left, 'best before'))) ? `shows "${left.trim()}"` : 'shows something else'}`)
  console.log(`with ^FH: ${shown === (await picture(withNumbers(zpl))) ? 'shows the same' : 'shows more'}`)
}
JS
seen=$(node look.mjs)
printf 'jszpl 2.0.1, zpl-renderer-js 3.4.0\n%s\n' "$seen"
expected='^FDSoup ~200 g^FS: shows "Soup"
with ^FH: shows more
^FDTea 2^4 bags^FS: shows "Tea 2"
with ^FH: shows more'
[ "$seen" = "$expected" ]
