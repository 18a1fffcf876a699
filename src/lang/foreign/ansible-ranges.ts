/** `web[01:20]`, `db-[a:f]`, `x[1:9:2]`: the hosts that a pattern of an inventory stands for. Undefined for one that cannot be. */
export function expandHosts(pattern: string): readonly string[] | undefined {
  const match = /^(.*?)\[([^\]]*)\](.*)$/s.exec(pattern)
  if (match === null) return [pattern]
  const [, before = '', range = '', after = ''] = match
  const rest = expandHosts(after)
  const middle = expandRange(range)
  if (rest === undefined || middle === undefined) return undefined
  return middle.flatMap((one) => rest.map((tail) => `${before}${one}${tail}`))
}

const MOST = 100_000

function expandRange(range: string): readonly string[] | undefined {
  const [begin = '', end = '', stepText = '1', ...more] = range.split(':')
  const step = Number(stepText)
  if (!range.includes(':') || more.length > 0 || end === '' || !Number.isInteger(step) || step < 1) return undefined
  if (/^\d*$/.test(begin) && /^\d+$/.test(end)) return numbers(begin || '0', end, step)
  if (/^[a-z]$/i.test(begin) && /^[a-z]$/i.test(end)) {
    const [first = 0, last = 0] = [begin, end].map((letter) => letter.charCodeAt(0))
    return count(first, last, step)?.map((code) => String.fromCharCode(code))
  }
  return undefined
}

function numbers(begin: string, end: string, step: number): readonly string[] | undefined {
  const padded = begin.length > 1 && begin.startsWith('0')
  if (padded && begin.length !== end.length) return undefined
  return count(Number(begin), Number(end), step)?.map((number) =>
    String(number).padStart(padded ? begin.length : 0, '0'),
  )
}

function count(first: number, last: number, step: number): readonly number[] | undefined {
  const size = Math.floor((last - first) / step) + 1
  if (size < 1 || size > MOST) return undefined
  return Array.from({ length: size }, (_, index) => first + index * step)
}

/** `pos1:2222`, `pos[1:3]:2222`, `[fd00::1]:2222`: a host and its port (parse_address of Ansible's parsing/utils/addresses.py). */
export function splitPort(pattern: string): { readonly name: string; readonly port?: number } {
  const [, address, host = address, port] =
    /^(?:\[([0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*)\]|((?:[^:[\]]|\[[^\]]*\])+)):(\d+)$/i.exec(pattern) ?? []
  return host === undefined ? { name: pattern } : { name: host, port: Number(port) }
}
