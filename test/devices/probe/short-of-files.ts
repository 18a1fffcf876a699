import { closeSync, openSync } from 'node:fs'
import { asSecret } from '../../../src/core/secret.ts'
import { shownCertificate } from '../../../src/devices/certificate/read-certificates.ts'
import { resolveHere } from '../../../src/devices/dns/dns-here.ts'
import { connectHere } from '../../../src/devices/probe/connect-here.ts'
import { seenFromHere } from '../../../src/devices/probe/from-here.ts'
import { httpHere } from '../../../src/devices/probe/http-here.ts'
import { runHere } from '../../../src/devices/probe/run-here.ts'
import { readSnmp } from '../../../src/devices/snmp/client.ts'

/** A program: opens all files that it may, looks in each way from there, and prints what each look came to as JSON. */
const limits = { timeoutMs: 2_000, signal: new AbortController().signal }
const asking = { budgetMs: 2_000, now: () => new Date() } as Parameters<typeof readSnmp>[1]
const community = asSecret('public')
const http = { method: 'GET', headers: {}, insecure: false, timeoutMs: 2_000, maxBytes: 1_000 } as const
const looks: Readonly<Record<string, () => Promise<unknown>>> = {
  'tcp by name': () => connectHere({ host: 'localhost', port: 9 }, limits),
  'tcp by number': () => connectHere({ host: '127.0.0.1', port: 9 }, limits),
  'http by name': () => httpHere({ ...http, url: 'http://localhost:9/' }, limits.signal),
  'dns of the system': () => resolveHere({ name: 'pos.example', type: 'A', timeoutMs: 2_000 }, limits.signal),
  'dns of a server': () =>
    resolveHere({ name: 'pos.example', type: 'A', timeoutMs: 2_000, server: '127.0.0.1', port: 9 }, limits.signal),
  'snmp by name': () => readSnmp({ host: 'localhost', port: 9, community }, asking),
  'snmp by number': () => readSnmp({ host: '127.0.0.1', port: 9, community }, asking),
  certificate: () => shownCertificate({ host: 'localhost', port: 9 }, limits),
  program: () => runHere('true', [], limits),
}

/** What is loaded when it is first needed. */
await Promise.allSettled(Object.values(looks).map((look) => look()))
const opened: number[] = []
for (;;) {
  try {
    opened.push(openSync('/dev/null', 'r'))
  } catch {
    break
  }
}
const came: Record<string, string> = {}
for (const [name, look] of Object.entries(looks)) {
  const seen = await seenFromHere(look, () => false)
  came[name] = seen.ok ? JSON.stringify(seen.value) : seen.failure.code
}
for (const file of opened) closeSync(file)
process.stdout.write(JSON.stringify(came))
