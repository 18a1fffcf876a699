import type { KnownContent } from '../../core/content.ts'
import { streamRegular } from '../../files/read-regular.ts'

/** A file of this machine by its hash; it is opened when somebody reads it. */
export function knownFile(path: string, { sha256, sizeBytes }: { sha256: string; sizeBytes: number }): KnownContent {
  const from = (offset: number): AsyncIterable<Uint8Array> => readFrom(path, offset, sizeBytes)
  return { sha256, sizeBytes, from, [Symbol.asyncIterator]: () => from(0)[Symbol.asyncIterator]() }
}

async function* readFrom(path: string, offset: number, sizeBytes: number): AsyncIterable<Uint8Array> {
  if (offset >= sizeBytes) return
  yield* streamRegular(path, { start: offset, end: sizeBytes - 1 }) as AsyncIterable<Uint8Array>
}
