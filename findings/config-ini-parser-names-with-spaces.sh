#!/usr/bin/env bash
# config-ini-parser 1.6.1 (npm), "similar to python ConfigParser", and a file whose names have spaces, as names of data sources (ODBC), tills and printers do.
# Windows (GetPrivateProfileString) and Python take what stands before the = for the name; "supported INI file structure" of Python's page has "spaces in keys=allowed".
# Guess before the run: the names as they stand, by both; what it writes after a change has the same names.
# Seen: the last word alone is the name. "Printer front" and "Scanner front" are both "front", of which `get` has the first; `stringify` writes both lines
# so, no word said. After a value is changed by `set`, the program finds none of its data sources and printers any more.
# A space within a section's name or a value is kept. Whoever changes settings with it looks for names with spaces first, and changes such files as text.
set -euo pipefail
command -v python3 >/dev/null || { echo "needs Python 3"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund config-ini-parser@1.6.1 >/dev/null
cat >odbc.ini <<'INI'
[ODBC 32 bit Data Sources]
Till stock=PostgreSQL Unicode
Excel Files=Microsoft Excel Driver (*.xls) (32 bit)

[Devices]
Printer front=COM1
Scanner front=COM2
Baud=9600
INI
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { ConfigIniParser } = require('config-ini-parser')

const parser = new ConfigIniParser()
parser.parse(readFileSync('odbc.ini', 'utf8'))
for (const section of parser.sections()) console.log(`read, ${section}: ${parser.items(section).map((pair) => pair.join(' is ')).join(', ')}`)
console.log(`asked for: Printer front ${parser.isHaveOption('Devices', 'Printer front')}, front is ${parser.get('Devices', 'front')}`)
parser.set('Devices', 'Baud', '19200')
console.log(parser.stringify('\n').trim())
JS
seen=$(node look.cjs
  python3 -c "
import configparser
parser = configparser.ConfigParser()
parser.read('odbc.ini')
print('Python:', ', '.join(' is '.join(pair) for pair in parser.items('Devices')))")
printf 'config-ini-parser 1.6.1\n%s\n' "$seen"
expected='read, ODBC 32 bit Data Sources: stock is PostgreSQL Unicode, Files is Microsoft Excel Driver (*.xls) (32 bit)
read, Devices: front is COM1, front is COM2, Baud is 9600
asked for: Printer front false, front is COM1
[ODBC 32 bit Data Sources]
stock=PostgreSQL Unicode
Files=Microsoft Excel Driver (*.xls) (32 bit)

[Devices]
front=COM1
front=COM2
Baud=19200
Python: printer front is COM1, scanner front is COM2, baud is 9600'
[ "$seen" = "$expected" ]
