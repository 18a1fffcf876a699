import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Decrypter } from 'age-encryption'
import { type Failure, fail, type Result, success } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'

/** How values in the repository are opened and sealed. */
export interface AgeOptions {
  /** `env:NAME` or `file:PATH` of the private keys, `AGE-SECRET-KEY-1…` a line, as age-keygen writes them. */
  readonly identity?: string
  /** Public keys, `age1…`, for whom new values are sealed. */
  readonly recipients: readonly string[]
}

const DEFAULT_IDENTITY = 'file:~/.config/till/age.key'

const MAGIC = 'age-encryption.org/v1'
const ARMOUR = '-----BEGIN AGE ENCRYPTED FILE-----'

/**
 * Values that are encrypted by age (age-encryption.org/v1): `age:BASE64`, `age:` and the armoured text, or `age:FILE`
 * of the repository, `age:FILE#NAME` for one of several `NAME=value` lines (or keys of a JSON object) in it.
 */
export function ageSecrets(root: string, options: AgeOptions): SecretSource {
  let opener: Promise<Result<Decrypter>> | undefined
  const files = new Map<string, Promise<Result<string>>>()
  const open = async (text: string, where: string): Promise<Result<string>> => {
    opener ??= openerOf(options.identity ?? DEFAULT_IDENTITY)
    const decrypter = await opener
    if (!decrypter.ok) return decrypter
    try {
      return success(await decrypter.value.decrypt(await bytesOf(text), 'text'))
    } catch (error) {
      return fail(sealedStill(`${where} cannot be opened: ${reasonOf(error, text)}.`))
    }
  }
  const openFile = async (path: string): Promise<Result<string>> => {
    const file = isAbsolute(path) ? path : join(root, path)
    const content = bytesIn(file)
    if (content instanceof Error) {
      return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message: `The file "${path}" is ${content.code}.` })
    }
    return open(content.toString('latin1'), `The file "${path}"`)
  }
  return {
    name: 'age',
    async read(reference) {
      if (isInline(reference)) return one(await open(reference, 'An encrypted value'))
      const [path = '', name] = split(reference)
      let text = files.get(path)
      if (!text) {
        text = openFile(path)
        files.set(path, text)
      }
      const opened = await text
      return name === undefined || !opened.ok ? one(opened) : named(opened.value, path, name)
    },
  }
}

/** Seals a value for everybody who has the private key of one of `recipients`; the reference that stands for it. */
export async function sealSecret(value: string, recipients: readonly string[]): Promise<Result<string>> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient)
    } catch {
      return fail({
        code: 'SECRET_SEALED',
        phase: 'resolve',
        message: `"${recipient.slice(0, 8)}…" is no public key of age (age1…).`,
      })
    }
  }
  return success(`age:${Buffer.from(await encrypter.encrypt(value)).toString('base64')}`)
}

function isInline(reference: string): boolean {
  const text = reference.trimStart()
  return text.startsWith(ARMOUR) || Buffer.from(text.slice(0, 28), 'base64').toString('latin1').startsWith(MAGIC)
}

/** Of armour, of base64, or of the file as it is. */
async function bytesOf(text: string): Promise<Uint8Array> {
  if (text.startsWith(MAGIC)) return Buffer.from(text, 'latin1')
  if (!text.includes(ARMOUR)) return Buffer.from(text, 'base64')
  const { armor } = await import('age-encryption')
  try {
    return armor.decode(text)
  } catch {
    return new Uint8Array()
  }
}

function split(reference: string): readonly [string, string?] {
  const at = reference.lastIndexOf('#')
  return at < 0 ? [reference] : [reference.slice(0, at), reference.slice(at + 1)]
}

/** Loaded when there is something to open: few runs need the library. */
async function openerOf(identity: string): Promise<Result<Decrypter>> {
  const keys = await keysOf(identity)
  if (!keys.ok) return keys
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  const lines = keys.value.split('\n').map((line) => line.trim())
  const secrets = lines.filter((line) => line !== '' && !line.startsWith('#'))
  try {
    for (const line of secrets) decrypter.addIdentity(line)
  } catch {
    return fail(sealedStill(`"${identity}" does not hold private keys of age (AGE-SECRET-KEY-1…).`))
  }
  if (secrets.length === 0) return fail(sealedStill(`"${identity}" holds no private key of age.`))
  return success(decrypter)
}

async function keysOf(identity: string): Promise<Result<string>> {
  const place = identity.slice(identity.indexOf(':') + 1)
  if (identity.startsWith('env:')) {
    const value = process.env[place]
    if (value) return success(value)
    return fail(sealedStill(`The private key of age is not there: the environment variable "${place}" is not set.`))
  }
  try {
    return success(readRegular(place.replace(/^~(?=\/)/, homedir()), MOST_BYTES.secret).toString('utf8'))
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return fail(sealedStill(`The private key of age is not there: the file "${place}" is ${reason}.`))
  }
}

function one(text: Result<string>): Result<Secret> {
  return text.ok ? success(new Secret(text.value.replace(/\r?\n$/, ''))) : text
}

function named(text: string, path: string, name: string): Result<Secret> {
  const value = text.trimStart().startsWith('{') ? keyOf(text, name) : lineOf(text, name)
  if (value !== undefined) return success(new Secret(value))
  const message = `The file "${path}" was opened, but has nothing of the name "${name}".`
  return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message })
}

function keyOf(text: string, name: string): string | undefined {
  try {
    const values = JSON.parse(text) as Record<string, unknown>
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  } catch {
    return undefined
  }
}

function lineOf(text: string, name: string): string | undefined {
  const lines = text.split(/\r?\n/)
  return lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** The library's words say nothing of what is inside. */
function reasonOf(error: unknown, text: string): string {
  const said = error instanceof Error ? error.message : String(error)
  if (/no identity matched/i.test(said)) return 'none of the private keys is one that it was encrypted for'
  if (text.trim() === '') return 'it is empty'
  const other = OTHERS.find(([sign]) => sign.test(text))?.[1]
  if (other !== undefined) return `${other}; what opens it can be a command under secrets.commands of tillwright.yaml`
  const isOfAge = text.startsWith(MAGIC) || isInline(text)
  return isOfAge ? 'it is damaged, or its end is missing' : 'it is not of age'
}

/** How files of other tools are known. SOPS keeps a key that it encrypts by age in the file, and encrypts values one by one. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^(sops:[ \t]*\r?$|sops_version=|\[sops\])|"sops"\s*:/m, 'it is of SOPS, which age alone does not open'],
  [/^\$ANSIBLE_VAULT;/, 'it is of Ansible Vault'],
  [/^-----BEGIN PGP MESSAGE-----/, 'it is of GnuPG'],
]

function sealedStill(message: string): Failure {
  return { code: 'SECRET_SEALED', phase: 'resolve', message }
}

function bytesIn(file: string): Buffer | NodeJS.ErrnoException {
  try {
    return readRegular(file, MOST_BYTES.secret)
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
