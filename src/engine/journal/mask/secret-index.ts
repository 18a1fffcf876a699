/** Shorter values are no secrets to look for inside a text: they would be found everywhere. */
export const SHORTEST_BYTES = 4

/** Values with the same first four bytes, by which they are found. */
interface Bucket {
  /** Sorted, as Latin-1 of their bytes. */
  readonly values: string[]
  /** Longest first. */
  lengths: readonly number[]
}

const FILTER_BITS = 21

/** Any number of values, found in a text in a time that depends on the text alone. */
export class SecretIndex {
  readonly #values = new Set<string>()
  readonly #byStart = new Map<number, Bucket>()
  /** The same, backwards: found by their ends. */
  readonly #byEnd = new Map<number, Bucket>()
  /** A bit for each hash of a beginning, so that most places of a text are passed over by it alone. */
  readonly #filter = new Uint8Array(1 << (FILTER_BITS - 3))
  longest = 0

  get size(): number {
    return this.#values.size
  }

  has(value: string): boolean {
    return this.#values.has(value)
  }

  /** `value` is the Latin-1 of at least `SHORTEST_BYTES` bytes. */
  add(value: string): void {
    if (this.#values.has(value)) return
    this.#values.add(value)
    this.longest = Math.max(this.longest, value.length)
    const start = wordOf(value)
    const hash = hashOf(start)
    this.#filter[hash >>> 3] = (this.#filter[hash >>> 3] as number) | (1 << (hash & 7))
    file(this.#byStart, start, value)
    const reversed = backwards(value)
    file(this.#byEnd, wordOf(reversed), reversed)
  }

  /** Whether a value begins with these four bytes, the first one highest. */
  begins(word: number): boolean {
    const hash = hashOf(word)
    return ((this.#filter[hash >>> 3] as number) & (1 << (hash & 7))) !== 0 && this.#byStart.has(word | 0)
  }

  /** How long the longest value is that stands at `at`, where `begins` said that there may be one; 0 for none. */
  lengthAt(bytes: Uint8Array, at: number): number {
    const bucket = this.#byStart.get(wordAt(bytes, at))
    for (const length of bucket?.lengths ?? []) {
      if (at + length <= bytes.length && this.#values.has(latin1(bytes, at, at + length))) return length
    }
    return 0
  }

  /** The length of the shortest value of which `bytes[from..to)` is only the beginning; 0 for none. */
  beginsWith(bytes: Uint8Array, from: number, to: number): number {
    if (to - from < SHORTEST_BYTES || to - from > this.longest) return 0
    return shortestWith(this.#byStart.get(wordAt(bytes, from)), latin1(bytes, from, to))
  }

  /** The length of the shortest value of which `bytes[from..to)` is only the end; 0 for none. */
  endsWith(bytes: Uint8Array, from: number, to: number): number {
    if (to - from < SHORTEST_BYTES || to - from > this.longest) return 0
    const [a, b, c, d] = [bytes[to - 1] ?? 0, bytes[to - 2] ?? 0, bytes[to - 3] ?? 0, bytes[to - 4] ?? 0]
    const bucket = this.#byEnd.get((a << 24) | (b << 16) | (c << 8) | d)
    return bucket ? shortestWith(bucket, backwards(latin1(bytes, from, to))) : 0
  }
}

function file(buckets: Map<number, Bucket>, word: number, value: string): void {
  let bucket = buckets.get(word)
  if (!bucket) {
    bucket = { values: [], lengths: [] }
    buckets.set(word, bucket)
  }
  bucket.values.splice(placeOf(bucket.values, value), 0, value)
  if (bucket.lengths.includes(value.length)) return
  bucket.lengths = [...bucket.lengths, value.length].sort((a, b) => b - a)
}

/** Where `value` stands in a sorted list, or would. */
function placeOf(values: readonly string[], value: string): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as string) < value) low = middle + 1
    else high = middle
  }
  return low
}

function shortestWith(bucket: Bucket | undefined, part: string): number {
  if (!bucket) return 0
  let shortest = 0
  // A few of them tell enough: they only decide how much of a value has to be there.
  for (let at = placeOf(bucket.values, part), seen = 0; seen < 16; at += 1, seen += 1) {
    const value = bucket.values[at]
    if (value === undefined || !value.startsWith(part)) break
    if (value.length > part.length && (shortest === 0 || value.length < shortest)) shortest = value.length
  }
  return shortest
}

/** Multiplicative hashing (Knuth, 6.4). */
function hashOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - FILTER_BITS)
}

function wordOf(value: string): number {
  const [a, b, c, d] = [value.charCodeAt(0), value.charCodeAt(1), value.charCodeAt(2), value.charCodeAt(3)]
  return (a << 24) | (b << 16) | (c << 8) | d
}

function wordAt(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0]
  return (a << 24) | (b << 16) | (c << 8) | d
}

function backwards(value: string): string {
  let reversed = ''
  for (let at = value.length - 1; at >= 0; at -= 1) reversed += value[at]
  return reversed
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
}
