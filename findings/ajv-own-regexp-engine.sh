#!/usr/bin/env bash
# ajv 8.20.0 with a regular expression engine of one's own (`code.regExp`): patterns of one schema are told apart by
# the `toString` of what the engine returns. An engine that returns plain objects with `test`, which is all that ajv's type
# asks for, gets one pattern for all: the first of the schema stands for the others, and valid data are refused.
# Guess before the run: each pattern is compiled and used by itself. Seen: "b" is refused by its own pattern ^b$.
# Whoever wraps another engine (here re2js 2.10.0) gives each result a `toString` of its own; then both hold.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ajv@8.20.0 re2js@2.10.0 >/dev/null
cat >look.mjs <<'JS'
import { Ajv } from 'ajv'
import { RE2JS } from 're2js'

const schema = {
  type: 'object',
  properties: { a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } },
}
const engine = (more) =>
  Object.assign((source) => ({ test: (text) => RE2JS.compile(source).matcher(text).find(), ...more(source) }), {
    code: 'engine',
  })
for (const [name, more] of [
  ['plain objects', () => ({})],
  ['with toString', (source) => ({ toString: () => source })],
]) {
  const validate = new Ajv({ code: { regExp: engine(more) } }).compile(schema)
  const answer = validate({ a: 'a', b: 'b' }) ? 'valid' : validate.errors.map((e) => `${e.instancePath} ${e.message}`).join()
  console.log(`${name}: ${answer}`)
}
JS
seen=$(node look.mjs)
expected='plain objects: /b must match pattern "^b$"
with toString: valid'
printf 'ajv 8.20.0, re2js 2.10.0\n%s\n' "$seen"
[ "$seen" = "$expected" ]
