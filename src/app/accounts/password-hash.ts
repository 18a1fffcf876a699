import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** What OWASP's password storage cheat sheet asks of scrypt at least (32 MiB, three times): a quarter of a second. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const
const SALT_BYTES = 16
const KEY_BYTES = 32
/** Weaker ones are no protection; stronger ones would take this machine's memory. */
const LEAST_N = 2 ** 14
const MOST_N = 2 ** 17

/** Passwords are as long as so; NIST SP 800-63B, 3.1.1.2, where nothing else is asked for. */
export const SHORTEST_PASSWORD = 15
/** What is longer is not looked at: hashing it is work for us. */
export const LONGEST_PASSWORD = 256

interface PasswordHash {
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly key: Buffer
}

/** `scrypt:N:r:p:salt:key` of a password, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const { N, r, p } = COST
  const key = await derive(password, { N, r, p, salt }, KEY_BYTES)
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join(':')
}

/** Whether it is the password of that hash. It takes as long whether it is or not. */
export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash, hash.key.length), hash.key)
}

/** The parts of a hash; undefined for what is none, too weak, or too dear. */
export function readHash(text: string): PasswordHash | undefined {
  const [scheme, n, r, p, salt = '', key = '', ...more] = text.trim().split(':')
  const hash = {
    N: Number(n),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  }
  const isCost =
    Number.isInteger(Math.log2(hash.N)) &&
    hash.N >= LEAST_N &&
    hash.N <= MOST_N &&
    hash.r === 8 &&
    [1, 2, 3, 4].includes(hash.p)
  const isWhole = hash.salt.length >= SALT_BYTES && hash.key.length === KEY_BYTES
  return scheme === 'scrypt' && more.length === 0 && isCost && isWhole ? hash : undefined
}

/** Nobody's: for names that there are not, so that they take as long to refuse. */
export const NOBODY: PasswordHash = { ...COST, salt: randomBytes(SALT_BYTES), key: randomBytes(KEY_BYTES) }

function derive(password: string, { N, r, p, salt }: Omit<PasswordHash, 'key'>, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same letters may come in several forms, by keyboard.
    scrypt(password.normalize('NFKC'), salt, bytes, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
