import { type InputError, usageError } from '../core/diagnostic.ts'

/** All of stdin as text. Throws InputError beyond so many bytes, and where it is a terminal, at which nobody types JSON. */
export async function readStdin(most: number): Promise<string> {
  const refuse = (summary: string, detail: string): InputError => usageError(summary, detail)
  if (process.stdin.isTTY) throw refuse('There is nothing on stdin', 'Pipe the payload in, or give it by --field.')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw refuse('There is too much on stdin', `At most ${most} bytes are read.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
