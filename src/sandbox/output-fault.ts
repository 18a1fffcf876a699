import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'

const NOISE = Buffer.from('\x1b[2J\x07\xff\xfe### link up, pppd[211]: rcvd [LCP EchoReq id=0x7f] ###\r\n', 'latin1')

/** Output with noise before it. */
export function withNoise(chunk: Buffer): Buffer {
  return Buffer.concat([NOISE, randomBytes(32), Buffer.from('\n'), chunk])
}

/** Every piece of output has noise before it. */
export function garbled(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, withNoise(chunk))
    },
  })
}

export const ENDLESS = Buffer.from('the quick brown fox jumps over the lazy dog\n'.repeat(1024))

/** Output without end, as fast as it is read. */
export function endless(): Readable {
  return new Readable({
    read() {
      // In a later turn, so that one reader that never waits does not keep the others waiting.
      setImmediate(() => this.push(ENDLESS))
    },
  })
}

/** An answer that is no longer than this is let through: the greeting of an interpreter. */
const GREETING_BYTES = 160

/** Lets the greeting of an interpreter pass, then half of the first answer; then calls `reset`. */
export function cutShort(reset: () => void): Transform {
  let chunks = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks += 1
      if (chunks === 1 && chunk.length <= GREETING_BYTES) {
        done(null, chunk)
        return
      }
      this.push(chunk.subarray(0, Math.floor(chunk.length / 2)))
      // The half has to be on its way before the connection goes; what comes after it never arrives.
      setTimeout(reset, 50)
    },
  })
}

/** Lets output pass until a file of the device was changed; from then on nothing, and `reset` is called. */
export function lostAfterChange(root: string, reset: () => void): Transform {
  const before = fingerprint(root)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (fingerprint(root) === before) done(null, chunk)
      else reset()
    },
    flush(done) {
      if (fingerprint(root) === before) done()
      else reset()
    },
  })
}

const PASSING = new Set(['tmp', 'run', 'var/tmp', 'proc', 'dev', 'usr', 'mnt'])

/** Times and sizes of all that a device keeps; what lies in folders for passing files does not count. */
function fingerprint(root: string): string {
  return contentsOf(root, '')
    .map(({ path, folder }) => {
      const stats = lstatSync(join(root, path), { bigint: true, throwIfNoEntry: false })
      return stats ? `${path} ${folder ? '' : `${stats.size} ${stats.ctimeNs}`}` : ''
    })
    .join('\n')
}

function contentsOf(root: string, below: string): readonly { readonly path: string; readonly folder: boolean }[] {
  const entries = readdirSync(join(root, below), { withFileTypes: true })
    .map((entry) => ({ path: join(below, entry.name), folder: entry.isDirectory() }))
    .filter(({ path }) => !PASSING.has(path))
  return entries.flatMap((entry) => (entry.folder ? [entry, ...contentsOf(root, entry.path)] : [entry]))
}
