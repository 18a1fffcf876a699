#!/usr/bin/env bash
# java-properties 1.0.2 and what java.util.Properties.load reads (its documentation, "load(Reader)"), as till applications in
# Java do; dot-properties 1.1.2 stands beside it.
# Guess before the run: the same from both. `server 10.0.0.1` is the key "server", since white space separates too; `till\ no=7` is
# "till no"; a line that begins with `!` is a comment; white space at the end belongs to the value.
# Seen: dot-properties reads as that documentation says. java-properties has a key "server 10.0.0.1" without a value, the backslash in the
# key, the comment as a key, and no white space at the end; of a key that comes twice it gives both, where Java has the last.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund java-properties@1.0.2 dot-properties@1.1.2 >/dev/null
printf '%s\n' 'server 10.0.0.1' 'till\ no=7' '! a note' 'prompt=Kod: ' 'port=1' 'port=2' 'list=1,\' '  #2' >till.properties
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const java = require('java-properties')
const dot = require('dot-properties')

const read = java.of('till.properties')
console.log(`java-properties ${JSON.stringify(Object.fromEntries(read.getKeys().map((key) => [key, read.get(key)])))}`)
console.log(`dot-properties ${JSON.stringify(dot.parse(readFileSync('till.properties', 'utf8')))}`)
JS
seen=$(node look.cjs)
printf 'java-properties 1.0.2, dot-properties 1.1.2\n%s\n' "$seen"
expected='java-properties {"server 10.0.0.1":"","till\\ no":"7","! a note":"","prompt":"Kod:","port":["1","2"],"list":"1,#2"}
dot-properties {"server":"10.0.0.1","till no":"7","prompt":"Kod: ","port":"2","list":"1,#2"}'
[ "$seen" = "$expected" ]
