const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const SEPARATOR = 0xff
const MASK = (1n << 64n) - 1n

/**
 * The fingerprint that Alertmanager gives labels: FNV-1a of 64 bits over names and values, by name, with FFh behind each (model/signature.go of
 * prometheus/common). Its webhooks name it since 0.19.
 */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels)
    .map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
    .sort(([one], [other]) => Buffer.compare(one, other))
    .flat()
  let sum = OFFSET
  for (const part of parts) for (const byte of [...part, SEPARATOR]) sum = ((sum ^ BigInt(byte)) * PRIME) & MASK
  return sum.toString(16).padStart(16, '0')
}
