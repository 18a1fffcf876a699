import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { NORTH, RULES, SECRETS, ServedProject, zabbix } from './served-project.ts'

const isHere = isThere({
  what: 'tests with certificates',
  debian: 'openssl',
  isHere: spawnSync('openssl', ['version']).status === 0,
})

const SENDERS = `server:
  tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}
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
  function statusOf(name: string | undefined, headers: Readonly<Record<string, string>> = {}): Promise<number> {
    const file = (ending: string): Buffer => readFileSync(till.path(`${name}.${ending}`))
    const own = name === undefined ? {} : { cert: file('pem'), key: file('key') }
    const options = { method: 'POST', headers, ca: readFileSync(till.path('ca.pem')), agent: false, ...own }
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

  test('SIGHUP reads the certificate anew', async () => {
    certificate('server', '127.0.0.1', 'other')
    till.server?.kill('SIGHUP')
    await till.has(() => till.told.includes('A new revision'))
    await expect(statusOf('hq')).rejects.toThrow()
  })
})
