/** All bytes of an answer; undefined where there are more than `most`: no more than so is ever read. Rejects as its stream does. */
export async function boundedBody(answer: Response, most: number): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
