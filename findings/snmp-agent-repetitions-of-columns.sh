#!/usr/bin/env bash
# net-snmp 3.29.2 (npm), its agent, and GETBULK for several columns at once, as everybody asks who reads a printer's or a switch's tables.
# RFC 3416, 4.2.3: max-repetitions counts repetitions, each of one variable for every column that is asked: 4 of them for 5 columns
# are up to 20 variables. An answer may be shorter than that only for want of room (and then by whole variables, from the end).
# Guess before the run: two supplies of a printer, asked by five columns (RFC 3805: class, type, description, capacity, level), come
# in one answer, four rows.
# Seen: max-repetitions counts the variables of the whole answer. With 4 the fifth column, the level, is not in it, without any error;
# with 7 the first two columns have both rows and the others one; one column by itself is answered rightly, so that walking column
# by column hides it.
# A reader that takes a column which is not in the answer for one that has ended has a printer without levels; so whoever reads by
# GETBULK asks again for every column that has not been answered, and asks such an agent for columns times rows.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund net-snmp@3.29.2 >/dev/null
cat >look.cjs <<'JS'
const { createSocket } = require('node:dgram')
const snmp = require('net-snmp')

const entry = '1.3.6.1.2.1.43.11.1.1'
const numbers = [4, 5, 6, 8, 9]
const { Integer, OctetString } = snmp.ObjectType
const column = (number, type = Integer) => ({ number, name: `column${number}`, type, maxAccess: snmp.MaxAccess['read-only'] })
const hidden = (number) => ({ ...column(number), maxAccess: snmp.MaxAccess['not-accessible'] })

const probe = createSocket('udp4').bind(0, '127.0.0.1', () => {
  const { port } = probe.address()
  probe.close(() => look(port))
})

async function look(port) {
  const agent = snmp.createAgent({ port, address: '127.0.0.1', disableAuthorization: true }, () => {})
  const mib = agent.getMib()
  mib.registerProvider({
    name: 'supplies',
    type: snmp.MibProviderType.Table,
    oid: entry,
    maxAccess: snmp.MaxAccess['not-accessible'],
    tableColumns: [hidden(1), hidden(2), ...numbers.map((number) => column(number, number === 6 ? OctetString : Integer))],
    tableIndex: [{ columnName: 'column1' }, { columnName: 'column2' }],
  })
  mib.addTableRow('supplies', [1, 1, 3, 3, 'Black Toner', 2000, 1500])
  mib.addTableRow('supplies', [1, 2, 4, 4, 'Waste', -2, -2])
  const session = snmp.createSession('127.0.0.1', 'public', { port, version: snmp.Version2c })
  const ask = (columns, repetitions) =>
    new Promise((resolve) => {
      const asked = columns.map((number) => `${entry}.${number}`)
      session.getBulk(asked, 0, repetitions, (error, answers) => {
        const found = error ? [] : answers.flat()
        const oids = new Set(found.map(({ oid }) => oid))
        const count = (number) => [1, 2].filter((row) => oids.has(`${entry}.${number}.1.${row}`)).length
        console.log(`columns ${columns.join(' ')}, repetitions ${repetitions}: rows ${columns.map(count).join(' ')}`)
        resolve()
      })
    })
  await ask([9], 4)
  await ask(numbers, 4)
  await ask(numbers, 7)
  await ask(numbers, 10)
  session.close()
  agent.close()
}
JS
seen=$(node look.cjs)
printf 'net-snmp 3.29.2\n%s\n' "$seen"
expected='columns 9, repetitions 4: rows 2
columns 4 5 6 8 9, repetitions 4: rows 1 1 1 1 0
columns 4 5 6 8 9, repetitions 7: rows 2 2 1 1 1
columns 4 5 6 8 9, repetitions 10: rows 2 2 2 2 2'
[ "$seen" = "$expected" ]
