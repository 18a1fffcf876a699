const UNITS = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const

/** What a size looks like, for schemas: `256KB`, `1.5MB`. A KB is 1024 bytes. */
export const BYTE_SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)?(B|KB|MB|GB)$'
/** And so many bytes in each second: `1MB/s`. */
export const BYTE_RATE_PATTERN = '^(0\\.0*[1-9][0-9]*|[1-9][0-9]*(\\.[0-9]+)?)(KB|MB|GB)/s$'

/** Bytes of a text such as `256KB` or `1MB/s`; undefined when it is not one. */
export function parseByteSize(text: string): number | undefined {
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)(B|KB|MB|GB)(?:\/s)?$/.exec(text) ?? []
  return unit === undefined ? undefined : Math.round(Number(amount) * UNITS[unit as keyof typeof UNITS])
}
