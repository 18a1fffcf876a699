/** What of V8's CPU profile (`node --cpu-prof`) is looked at. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

type Frame = CpuProfile['nodes'][number]['callFrame']

/** Parts of a run, the first that fits a function counts; in the order in which they are asked. */
const PARTS: readonly (readonly [string, (frame: Frame) => boolean])[] = [
  ['garbage', ({ functionName }) => functionName === '(garbage collector)'],
  ['cryptography', ({ url }) => /^node:(internal\/)?crypto/.test(url)],
  ['ssh2', ({ url }) => /node_modules\/(ssh2|asn1|bcrypt-pbkdf|cpu-features)\//.test(url)],
  ['store', ({ url }) => /node_modules\/(libsql|@libsql|kysely)\/|\/sqlite[-.]/.test(url)],
  [
    'loading',
    ({ url }) =>
      /^node:(vm|internal\/(vm|modules|bootstrap|process\/execution))|compile_cache|\/keep-compiled\.js/.test(url),
  ],
  ['own', ({ url }) => /\/(dist|bin|node_modules)\//.test(url)],
  [
    'sockets',
    ({ url, functionName }) =>
      /^node:(net|internal\/(streams|stream_base|net|dns))/.test(url) ||
      (url === '' &&
        /^(writeBuffer|writev|writeUtf8String|writeLatin1String|shutdown|close|connect|open|readStart)$/.test(
          functionName,
        )),
  ],
]

/** How much of its busy time a process spent in which part, in per cent; what fits nothing is `rest`. */
export function sharesOf(profiles: readonly CpuProfile[]): Readonly<Record<string, number>> {
  const times = new Map<string, number>()
  for (const { nodes, samples, timeDeltas } of profiles) {
    const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]))
    samples.forEach((id, n) => {
      const part = parts.get(id)
      if (part !== undefined) times.set(part, (times.get(part) ?? 0) + (timeDeltas[n] ?? 0))
    })
  }
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0)
  return Object.fromEntries([...times].map(([part, time]) => [part, (100 * time) / busy]))
}

/** The part that a function belongs to; undefined where nothing is done. */
function partOf(frame: Frame): string | undefined {
  if (frame.functionName === '(idle)' || frame.functionName === '(root)') return undefined
  return PARTS.find(([, fits]) => fits(frame))?.[0] ?? 'rest'
}
