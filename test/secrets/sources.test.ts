import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as age from 'age-encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Result } from '../../src/core/failure.ts'
import type { Secret } from '../../src/core/secret.ts'
import { ageSecrets, sealSecret } from '../../src/secrets/age.ts'
import { commandSecrets } from '../../src/secrets/command.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'till-secrets-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function told(result: Result<Secret>): string {
  return result.ok ? result.value.reveal() : `${result.failure.code}: ${result.failure.message}`
}

describe('command:', () => {
  const ask = async (reference: string, run: readonly string[], timeoutMs = 5_000): Promise<string> =>
    told(await commandSecrets(root, { vault: { run, timeoutMs } }).read(reference))

  it('takes the first line, asks where {} stands or last, and starts no shell', async () => {
    expect(await ask('vault/tills/pos1', ['printf', '%s\\nmore', 'pw of {} $HOME;'])).toBe('pw of tills/pos1 $HOME;')
    expect(await ask('vault/tills/pos1', ['echo', 'last:'])).toBe('last: tills/pos1')
    expect(await ask('vault', ['echo', 'all'])).toBe('all')
    expect(await ask('vault', ['pwd'])).toBe(root)
  })

  it('runs nothing that the project file does not name, and hands no options on', async () => {
    for (const reference of ['sh/-c', '__proto__/x', 'constructor']) {
      expect(await ask(reference, ['echo', 'x'])).toMatch(/^SECRET_COMMAND_FAILED: ".*" is no command/)
    }
    for (const what of ['-field=token', '../../root', 'a b', '$(id)', "a'b", 'a\nb', '']) {
      expect(await ask(`vault/${what}`, ['echo'])).toMatch(/^SECRET_COMMAND_FAILED: .* must be a plain name or path/)
    }
  })

  it('says how it failed, and nothing of what it put out', async () => {
    expect(await ask('vault', ['/nowhere/vault'])).toBe(
      'SECRET_COMMAND_FAILED: The command "vault" ("/nowhere/vault") could not be started: ENOENT.',
    )
    const script = join(root, 'fails')
    writeFileSync(script, '#!/bin/sh\necho half-of-a-secret\necho "permission denied" >&2\nexit 3\n')
    chmodSync(script, 0o755)
    expect(await ask('vault', [script])).toBe(
      'SECRET_COMMAND_FAILED: The command "vault" ended with exit code 3: permission denied.',
    )
    // pass 1.7.4 over GnuPG 2.2 whose private key is elsewhere, and of what is not in the store.
    const words = "gpg: WARNING: unsafe permissions on homedir '/g'\ngpg: decryption failed: No secret key.\n"
    writeFileSync(script, `#!/bin/sh\ncat >&2 <<'END'\n${words}END\nexit 2\n`)
    expect(await ask('vault', [script])).toBe(
      'SECRET_COMMAND_FAILED: The command "vault" ended with exit code 2: gpg: decryption failed: No secret key.',
    )
    expect(await ask('vault', ['true'])).toMatch(/put nothing out/)
    expect(await ask('vault', ['head', '-c', '100000', '/dev/zero'])).toMatch(/more than a secret/)
  })

  it('ends what takes too long, with what that started', async () => {
    const script = join(root, 'hangs')
    writeFileSync(script, '#!/bin/sh\nsleep 60 & sleep 60\n')
    chmodSync(script, 0o755)
    const began = performance.now()
    expect(await ask('vault', [script], 300)).toBe(
      'SECRET_COMMAND_FAILED: The command "vault" did not end within 0.3 s.',
    )
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

describe('age:', () => {
  let identity: string
  let recipient: string
  beforeAll(async () => {
    identity = await age.generateX25519Identity()
    recipient = await age.identityToRecipient(identity)
    writeFileSync(join(root, 'key'), `# created: today\n# public key: ${recipient}\n${identity}\n`)
  })
  const ask = async (reference: string, from = `file:${join(root, 'key')}`): Promise<string> =>
    told(await ageSecrets(root, { identity: from, recipients: [] }).read(reference))
  const sealed = async (value: string): Promise<Uint8Array> => {
    const encrypter = new age.Encrypter()
    encrypter.addRecipient(recipient)
    return encrypter.encrypt(value)
  }

  it('opens what we seal, armour, and files as they are or armoured', async () => {
    const ours = await sealSecret('pw ł"\'$', [recipient])
    expect(ours.ok && (await ask(ours.value.slice('age:'.length)))).toBe('pw ł"\'$')
    const armoured = age.armor.encode(await sealed('armoured\n'))
    expect(await ask(armoured)).toBe('armoured')
    expect(await ask(` ${armoured}`)).toBe('armoured')
    writeFileSync(join(root, 'binary.age'), await sealed('of a file\n'))
    writeFileSync(join(root, 'many.age'), age.armor.encode(await sealed('# tills\npos1=one=1\npos2=two\n')))
    writeFileSync(join(root, 'json.age'), await sealed('{"pos1": "one", "pin": 1234}'))
    expect(await ask('binary.age')).toBe('of a file')
    expect([await ask('many.age#pos1'), await ask('many.age#pos2')]).toEqual(['one=1', 'two'])
    expect([await ask('json.age#pos1'), await ask('json.age#pin')]).toEqual(['one', '1234'])
    expect(await ask('many.age#pos9')).toMatch(/^SECRET_UNREADABLE: .* nothing of the name "pos9"/)
    expect(await ask('json.age#toString')).toMatch(/^SECRET_UNREADABLE/)
  })

  it('takes the private key from a variable', async () => {
    process.env['TEST_AGE_KEY'] = identity
    const ours = await sealSecret('x-y-z', [recipient])
    expect(ours.ok && (await ask(ours.value.slice(4), 'env:TEST_AGE_KEY'))).toBe('x-y-z')
    delete process.env['TEST_AGE_KEY']
    expect(ours.ok && (await ask(ours.value.slice(4), 'env:TEST_AGE_KEY'))).toMatch(/^SECRET_SEALED: .* is not set/)
  })

  it('says why it stays closed', async () => {
    const other = await sealSecret('x', [await age.identityToRecipient(await age.generateX25519Identity())])
    expect(other.ok && (await ask(other.value.slice(4)))).toMatch(/^SECRET_SEALED: .* none of the private keys/)
    const ours = await sealSecret('a long enough value', [recipient])
    const damaged = Buffer.from(ours.ok ? ours.value.slice(4) : '', 'base64')
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    expect(await ask(damaged.toString('base64'))).toMatch(/^SECRET_SEALED: .* damaged/)
    expect(await ask('gone.age')).toBe('SECRET_UNREADABLE: The file "gone.age" is ENOENT.')
    writeFileSync(join(root, 'no-key'), 'AGE-SECRET-KEY-1NONSENSE\n')
    expect(await ask(ours.ok ? ours.value.slice(4) : '', `file:${join(root, 'no-key')}`)).toMatch(
      /does not hold private keys/,
    )
    expect(await ask(ours.ok ? ours.value.slice(4) : '', 'file:/nowhere')).toMatch(/is ENOENT/)
  })

  it('says what a file is in place of one of age', async () => {
    // As SOPS 3.9 writes them, with the key that age encrypts in the file.
    const armour = '-----BEGIN AGE ENCRYPTED FILE-----\n      YWdl\n      -----END AGE ENCRYPTED FILE-----'
    const files: readonly (readonly [string, RegExp])[] = [
      [`db: ENC[AES256_GCM,data:3Dl=]\nsops:\n  age:\n    - enc: |\n      ${armour}\n  version: 3.9.0\n`, /is of SOPS/],
      ['{"db": "ENC[AES256_GCM,data:3Dl=]", "sops": {"version": "3.9.0"}}', /is of SOPS/],
      ['db=ENC[AES256_GCM,data:3Dl=]\nsops_version=3.9.0\n', /is of SOPS.* can be a command under secrets.commands/],
      ['$ANSIBLE_VAULT;1.1;AES256\n6238\n', /is of Ansible Vault/],
      ['-----BEGIN PGP MESSAGE-----\n\njA0E\n', /is of GnuPG/],
      ['', /it is empty\.$/],
      ['pos1=in plain text\n', /it is not of age\.$/],
    ]
    for (const [content, words] of files) {
      writeFileSync(join(root, 'other'), content)
      expect(await ask('other#pos1')).toMatch(words)
    }
    writeFileSync(join(root, 'other'), (await sealed('pos1=x\n')).subarray(0, 120))
    expect(await ask('other#pos1')).toMatch(/it is damaged, or its end is missing/)
  })

  it('seals for public keys only', async () => {
    expect(told((await sealSecret('x', [identity])) as never)).toMatch(/^SECRET_SEALED: .* is no public key/)
  })
})
