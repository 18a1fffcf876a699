#!/usr/bin/env bash
# ipp-encoder 5.0.0 (npm): what a printer answers with a syntax that the package has no reader for is taken for text in UTF-8, without a word.
# A resolution of 203 dpi (label printers) has bytes that are no UTF-8, so it cannot be had back from what is returned; a collection
# (`media-col-default`) falls apart into one list in which names and values stand side by side; "unknown" (RFC 8010, 3.5.2) is an empty text.
# Guess before the run: bytes for what is not read, or an error. Seen: characters of replacement, a flat list, ''.
# It holds of `value-tag` 0x32, 0x33, 0x34, 0x12; integers (marker-levels -3 of RFC 3805 among them) and textWithLanguage are read well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ipp-encoder@5.0.0 >/dev/null
cat >look.cjs <<'JS'
const ipp = require('ipp-encoder')

const length = (bytes) => Buffer.from([bytes.length >> 8, bytes.length & 255])
function attribute(tag, name, value) {
  const [named, bytes] = [Buffer.from(name), Buffer.from(value)]
  return Buffer.concat([Buffer.from([tag]), length(named), named, length(bytes), bytes])
}
function answer(...attributes) {
  const head = Buffer.from([1, 1, 0, 0, 0, 0, 0, 1, 1])
  const language = [attribute(0x47, 'attributes-charset', 'utf-8'), attribute(0x48, 'attributes-natural-language', 'en')]
  return Buffer.concat([head, ...language, Buffer.from([4]), ...attributes, Buffer.from([3])])
}
const int = (number) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(number); return bytes }
const cases = {
  'marker-levels -3, 50': answer(attribute(0x21, 'marker-levels', int(-3)), attribute(0x21, '', int(50))),
  'resolution 203 dpi': answer(attribute(0x32, 'printer-resolution-default', Buffer.concat([int(203), int(203), Buffer.from([3])]))),
  'copies 1 to 99': answer(attribute(0x33, 'copies-supported', Buffer.concat([int(1), int(99)]))),
  'collection {x-dimension: 8000}': answer(
    attribute(0x34, 'media-col-default', ''),
    attribute(0x4a, '', 'x-dimension'),
    attribute(0x21, '', int(8000)),
    attribute(0x37, '', ''),
  ),
  unknown: answer(attribute(0x12, 'printer-state-message', '')),
}
for (const [name, bytes] of Object.entries(cases)) {
  const [, { attributes }] = ipp.response.decode(bytes, 0, bytes.length).groups
  console.log(`${name}: ${JSON.stringify(attributes[0].value)}`)
}
JS
seen=$(node look.cjs)
expected='marker-levels -3, 50: [-3,50]
resolution 203 dpi: ["\u0000\u0000\u0000�\u0000\u0000\u0000�\u0003"]
copies 1 to 99: ["\u0000\u0000\u0000\u0001\u0000\u0000\u0000c"]
collection {x-dimension: 8000}: ["","x-dimension",8000,""]
unknown: [""]'
printf 'ipp-encoder 5.0.0\n%s\n' "$seen"
[ "$seen" = "$expected" ]
