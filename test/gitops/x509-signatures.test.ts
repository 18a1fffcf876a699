import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { BASE_FILES, pulled, SignedRepository } from './signed-repository.ts'

const hasOpenssl = isThere({
  what: 'signatures by X.509 certificates',
  debian: 'openssl',
  isHere: spawnSync('openssl', ['version']).status === 0,
})
const hasGpgsm = isThere({
  what: 'signatures by gpgsm',
  debian: 'gnupg',
  isHere: hasOpenssl && spawnSync('gpgsm', ['--version']).status === 0,
})

const ADVANCED = { outcome: 'advanced', kinds: [] }
const refused = (kind: string) => ({ outcome: 'refused', code: 'REVISION_UNTRUSTED', kinds: [kind] })
const NEWS = { ...BASE_FILES, 'notes.txt': 'new\n' }
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const

let repository: SignedRepository
beforeEach(() => {
  repository = new SignedRepository()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await repository.remove()
})

const at = (name: string): string => join(repository.root, name)
const openssl = (args: readonly string[], input = ''): string => repository.run('openssl', args, input)

/** An authority; under another one where that is named. */
function authority(name: string, above?: string): void {
  if (above === undefined) {
    const subject = ['-subj', `/CN=${name}`, '-days', '3650']
    openssl(['req', '-x509', ...EC, ...subject, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)])
    return
  }
  certificate(name, above, 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n')
}

/** A certificate and its key: for e-mail, or with other extensions. */
function certificate(name: string, by: string, extensions?: string, key: readonly string[] = EC): void {
  const forMail = `subjectAltName=email:${name}@example.com\nkeyUsage=digitalSignature\nextendedKeyUsage=emailProtection\n`
  writeFileSync(at(`${name}.ext`), extensions ?? forMail)
  openssl(['req', ...key, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)])
  const issuer = ['-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-CAcreateserial', '-days', '365']
  openssl([
    'x509',
    '-req',
    '-in',
    at(`${name}.csr`),
    ...issuer,
    '-extfile',
    at(`${name}.ext`),
    '-out',
    at(`${name}.pem`),
  ])
}

/** A list of revoked certificates of an authority, with those that are named. */
function crl(by: string, revoked: readonly string[]): string {
  const file = at(`${by}.cnf`)
  writeFileSync(file, `[ca]\ndefault_ca=one\n[one]\ndatabase=${at(`${by}.index`)}\ndefault_md=sha256\n`)
  writeFileSync(at(`${by}.index`), '')
  const issuer = ['-config', file, '-keyfile', at(`${by}.key`), '-cert', at(`${by}.pem`)]
  for (const name of revoked) openssl(['ca', ...issuer, '-revoke', at(`${name}.pem`)])
  return openssl(['ca', ...issuer, '-gencrl', '-crldays', '30'])
}

/** Signs as programs of S/MIME do that git starts: detached, and with the certificate inside. */
const cms =
  (names: readonly string[], more: readonly string[] = []) =>
  (text: string): string => {
    writeFileSync(at('payload'), text)
    const signers = names.flatMap((name) => ['-signer', at(`${name}.pem`), '-inkey', at(`${name}.key`)])
    const made = openssl(['cms', '-sign', '-binary', '-outform', 'PEM', '-in', at('payload'), ...signers, ...more])
    return made.replaceAll(' CMS-----', ' SIGNED MESSAGE-----')
  }

/** gitops.yaml for the authority `chain` and two people. */
function trusting(revoked = '', authorities = readFileSync(at('chain.pem'), 'utf8')): string {
  writeFileSync(at('authorities.pem'), authorities)
  writeFileSync(at('revoked.crl'), revoked)
  const people = 'signers: [anna@example.com, jan@example.com]'
  return `x509: {authorities: ${at('authorities.pem')}, revocations: ${at('revoked.crl')}, ${people}}\n`
}

describe.skipIf(!hasOpenssl)('a signature by an X.509 certificate', () => {
  const SERVER = 'subjectAltName=email:anna@example.com,DNS:example.com\nextendedKeyUsage=serverAuth\n'
  test.each<[string, object, () => (text: string) => string]>([
    ['of a person whom the authority names', ADVANCED, () => cms(['anna'])],
    ['with a digest by SHA-512', ADVANCED, () => cms(['anna'], ['-md', 'sha512'])],
    ['of another text', refused('bad-signature'), () => (text) => cms(['anna'])(`${text} `)],
    [
      'of another authority for the same person',
      refused('unknown-signer'),
      () => {
        authority('other')
        certificate('anna', 'other')
        return cms(['anna'])
      },
    ],
    [
      'of a certificate that signed itself',
      refused('unknown-signer'),
      () => {
        authority('anna')
        return cms(['anna'])
      },
    ],
    [
      'of a person who is not listed',
      refused('unknown-signer'),
      () => {
        certificate('eve', 'chain')
        return cms(['eve'])
      },
    ],
    [
      'of a certificate for servers',
      refused('bad-signature'),
      () => {
        certificate('anna', 'chain', SERVER)
        return cms(['anna'])
      },
    ],
    [
      'of two at once',
      refused('bad-signature'),
      () => {
        certificate('jan', 'chain')
        return cms(['anna', 'jan'])
      },
    ],
    ['with a digest by SHA-1', refused('bad-signature'), () => cms(['anna'], ['-md', 'sha1'])],
    ['that is no CMS', refused('bad-signature'), () => () => cms(['anna'])('x').replace(/\nM[^-]+/, '\nAAAA\n')],
    [
      'that is no base64',
      refused('bad-signature'),
      () => () => '-----BEGIN SIGNED MESSAGE-----\n§\n-----END SIGNED MESSAGE-----',
    ],
  ])('%s', async (_, expected, sign) => {
    authority('chain')
    certificate('anna', 'chain')
    const { base, follow } = await repository.begin(['maria'], trusting())
    const tip = repository.push(repository.commit({ parents: [base], files: NEWS, sign: sign() }))
    expect(await pulled(follow)).toEqual(expected)
    const inForce = JSON.parse(readFileSync(join(follow.folder, 'trusted.json'), 'utf8')).commit
    expect(inForce).toBe(expected === ADVANCED ? tip : base)
  })

  test('counts as long as its certificate was valid when the commit came', async () => {
    authority('chain')
    certificate('anna', 'chain')
    const { base, follow } = await repository.begin(['maria'], trusting())
    repository.push(repository.commit({ parents: [base], files: NEWS, sign: cms(['anna']) }))
    expect(await pulled(follow, '2037-01-01T00:00:00.000Z')).toEqual(refused('bad-signature'))
  })

  test('is the name of a signer for the rules of paths', async () => {
    authority('chain')
    for (const name of ['anna', 'jan']) certificate(name, 'chain')
    const rules = 'paths: [{path: notes.txt, signers: [jan@example.com]}]\n'
    const { base, follow } = await repository.begin(['maria'], `${trusting()}${rules}`)
    repository.push(repository.commit({ parents: [base], files: NEWS, sign: cms(['anna']) }))
    expect(await pulled(follow)).toMatchObject({ outcome: 'refused' })
    repository.push(repository.commit({ parents: [base], files: NEWS, sign: cms(['jan']) }))
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test('does not count once the certificate is revoked, by lists of each authority of its chain', async () => {
    authority('chain')
    authority('people', 'chain')
    for (const name of ['anna', 'jan']) certificate(name, 'people')
    const chain = ['-certfile', at('people.pem')]
    const lists = `${crl('chain', [])}${crl('people', ['anna'])}`
    const { base, follow } = await repository.begin(['maria'], trusting(lists))
    const one = repository.push(repository.commit({ parents: [base], files: NEWS, sign: cms(['jan'], chain) }))
    expect(await pulled(follow)).toEqual(ADVANCED)
    repository.push(repository.commit({ parents: [one], files: BASE_FILES, sign: cms(['anna'], chain) }))
    expect(await pulled(follow)).toEqual(refused('bad-signature'))
    const half = await repository.follow(['maria'], trusting(crl('people', [])))
    expect(await pulled(half)).toEqual(refused('bad-signature'))
  })

  test('is not judged where openssl was killed, and the next pull asks anew', async () => {
    authority('chain')
    certificate('anna', 'chain')
    const { base, follow } = await repository.begin(['maria'], trusting())
    repository.push(repository.commit({ parents: [base], files: NEWS, sign: cms(['anna']) }))
    mkdirSync(at('bin'))
    writeFileSync(at('bin/openssl'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${at('bin')}:${process.env['PATH']}`)
    expect(await pulled(follow)).toMatchObject({ code: 'REVISION_UNDECIDED' })
    vi.unstubAllEnvs()
    expect(await pulled(follow)).toEqual(ADVANCED)
  })

  test.each([
    ['authorities.pem', '\n', 'holds no certificates in PEM'],
    ['revoked.crl', 'hello\n', 'holds no list of revoked certificates'],
  ])('is judged by no %s that holds none', async (file, text, summary) => {
    authority('chain')
    const more = trusting()
    writeFileSync(at(file), text)
    const error = await repository.follow(['maria'], more).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      diagnostics: [{ code: 'GITOPS_INVALID', summary: expect.stringContaining(summary) }],
    })
  })
})

describe.skipIf(!hasGpgsm)('a commit that git signed by gpgsm', () => {
  test('is taken, for the person in the certificate', async () => {
    authority('chain')
    certificate('anna', 'chain', undefined, ['-newkey', 'rsa:2048', '-nodes'])
    const { base, follow } = await repository.begin(['maria'], trusting())
    const home = at('gnupg')
    mkdirSync(home, { mode: 0o700 })
    const fingerprint = openssl(['x509', '-in', at('chain.pem'), '-noout', '-fingerprint', '-sha1']).split('=')[1]
    writeFileSync(join(home, 'trustlist.txt'), `${fingerprint?.trim()} S relax\n`)
    writeFileSync(join(home, 'gpg-agent.conf'), 'allow-loopback-pinentry\n')
    writeFileSync(at('password'), 'x\n')
    // gpgsm 2.2 does not read the encryption that OpenSSL 3 takes for PKCS#12 where nothing is said.
    const pair = ['-inkey', at('anna.key'), '-in', at('anna.pem'), '-certfile', at('chain.pem'), '-out', at('anna.p12')]
    openssl(['pkcs12', '-export', '-legacy', '-passout', 'pass:x', ...pair])
    const program = `#!/bin/sh\nexec gpgsm --homedir '${home}' --batch --pinentry-mode loopback --passphrase-fd 3 --disable-crl-checks "$@" 3<'${at('password')}'\n`
    writeFileSync(at('sign'), program, { mode: 0o755 })
    repository.run(at('sign'), ['--import', at('anna.p12')])
    try {
      const git = (...args: string[]): string => {
        const settings = ['gpg.format=x509', `gpg.x509.program=${at('sign')}`, 'user.signingkey=anna@example.com']
        return repository.run('git', ['-C', at('work'), ...settings.flatMap((one) => ['-c', one]), ...args]).trim()
      }
      repository.run('git', ['clone', '-q', repository.repository, at('work')])
      writeFileSync(at('work/notes.txt'), 'new\n')
      git('add', '.')
      git('commit', '-q', '-S', '-m', 'Change')
      git('push', '-q')
      expect(git('rev-parse', 'HEAD^')).toBe(base)
      expect(await pulled(follow)).toEqual(ADVANCED)
      expect(existsSync(join(follow.paths.current, 'notes.txt'))).toBe(true)
    } finally {
      repository.run('gpgconf', ['--homedir', home, '--kill', 'all'])
    }
  })
})
