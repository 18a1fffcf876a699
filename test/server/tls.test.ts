import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { NORTH, RULES, SECRETS, ServedProject, zabbix } from './served-project.ts'

const isHere = isThere({
  what: 'tests with certificates',
  debian: 'openssl',
  isHere: spawnSync('openssl', ['version']).status === 0,
})

const SENDERS = `server:
  tls: {certificate: server.pem, key: server.key, client_ca: clients.pem}
  senders:
    hq: {certificate: zabbix.hq.example}
    all: {token: "env:T_ALL"}
`

describe.skipIf(!isHere)('over TLS', () => {
  let till: ServedProject

  beforeAll(async () => {
    till = new ServedProject(SENDERS + RULES)
    authority('ca')
    authority('other')
    for (const [name, subject, by] of [
      ['server', '127.0.0.1', 'ca'],
      ['hq', 'zabbix.hq.example', 'ca'],
      ['stranger', 'somebody.example', 'ca'],
      ['forged', 'zabbix.hq.example', 'other'],
    ] as const)
      certificate(name, subject, by)
    // A name of another kind that holds the text of a name of a host.
    const lie = 'urn:x, DNS:zabbix.hq.example, y'
    certificate('liar', 'somebody.example', 'ca', `@names\n[names]\nURI.1=${lie}\n`)
    copyFileSync(till.path('ca.pem'), till.path('clients.pem'))
    await till.serve()
  }, 60_000)
  afterAll(() => till?.remove())

  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: till.root, stdio: 'ignore' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  function authority(name: string): void {
    openssl(
      'req',
      '-x509',
      ...ec,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    )
  }
  function certificate(name: string, subject: string, by: string, names?: string): void {
    openssl('req', ...ec, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`)
    const san = names ?? (subject === '127.0.0.1' ? 'IP:127.0.0.1' : `DNS:${subject}`)
    till.write(`${name}.ext`, `subjectAltName=${san}\n`)
    const of = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`, '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...of)
  }

  /** The status of one request, by a client with that certificate. */
  function statusOf(
    name: string | undefined,
    headers: Readonly<Record<string, string>> = {},
    agent: Agent | false = false,
  ): Promise<number> {
    const file = (ending: string): Buffer => readFileSync(till.path(`${name}.${ending}`))
    const own = name === undefined ? {} : { cert: file('pem'), key: file('key') }
    const options = { method: 'POST', headers, ca: readFileSync(till.path('ca.pem')), agent, ...own }
    return new Promise((resolve, reject) => {
      const sent = request(`${till.url}/hooks/zabbix`, options, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
      sent.on('error', reject)
      sent.end(JSON.stringify(zabbix(1, 'MarkerGone', `${NORTH}/pos1`)))
    })
  }

  test('a client is let in by the name in its certificate, if an authority of ours signed it', async () => {
    expect(till.url).toMatch(/^https:/)
    expect(await statusOf('hq')).toBe(202)
    expect(await statusOf('stranger')).toBe(401)
    expect(await statusOf('liar')).toBe(401)
    expect(await statusOf('forged')).toBe(401)
    expect(await statusOf(undefined)).toBe(401)
    expect(await statusOf(undefined, { authorization: `Bearer ${SECRETS.T_ALL}` })).toBe(202)
    expect(await statusOf('hq', { authorization: 'Bearer wrong' })).toBe(401)
  })

  const revisions = (): number => till.told.split('A new revision').length - 1
  async function reloaded(): Promise<void> {
    const before = revisions()
    till.server?.kill('SIGHUP')
    await till.has(() => revisions() > before)
  }

  test('whose authority was taken away is out, also by a connection that stands', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await statusOf('hq', {}, agent)).toBe(202)
    copyFileSync(till.path('other.pem'), till.path('clients.pem'))
    await reloaded()
    expect(await statusOf('hq', {}, agent)).toBe(401)
    agent.destroy()
    expect(await statusOf('forged')).toBe(202)
    copyFileSync(till.path('ca.pem'), till.path('clients.pem'))
    await reloaded()
    expect(await statusOf('hq')).toBe(202)
  })

  test('what takes effect at the next start only is told', async () => {
    const tokens = '  senders:\n    all: {token: "env:T_ALL"}\n'
    till.write('tillwright.yaml', `server:\n${tokens}${RULES}`)
    await reloaded()
    expect(till.told).toContain('At the next start only takes effect: that there is no server.tls')
    expect(await statusOf('hq')).toBe(401)
    expect(await statusOf(undefined, { authorization: `Bearer ${SECRETS.T_ALL}` })).toBe(202)
    till.write('tillwright.yaml', SENDERS + RULES)
    await reloaded()
    expect(await statusOf('hq')).toBe(202)
  })

  test('a certificate that is renewed is taken by itself, and by SIGHUP while the repository cannot be used', async () => {
    const before = revisions()
    certificate('server', '127.0.0.1', 'other')
    await till.has(() => revisions() > before)
    await expect(statusOf('hq')).rejects.toThrow()
    till.write('tillwright.yaml', 'nonsense: true\n')
    await till.has(() => till.told.includes('cannot be used'))
    certificate('server', '127.0.0.1', 'ca')
    till.server?.kill('SIGHUP')
    await expect.poll(() => statusOf('hq').catch(() => 0), { timeout: 20_000 }).toBe(202)
  })
})
