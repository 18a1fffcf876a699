import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab, makeLab } from './lab/lab.ts'
import { removeLeftovers } from './lab/leftovers.ts'
import { compileC, compileGo } from './measure/compile.ts'
import type { Sample, Skipped, ToolNote } from './report/result.ts'
import type { Bench, Options } from './sections/section.ts'
import { isThere, type Tool } from './tools/tool.ts'
import type { WinRmTool } from './tools/winrm.ts'

export interface RunningBench extends Bench {
  readonly skipped: readonly Skipped[]
  notes(): readonly ToolNote[]
}

const NEEDED = [
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/bin/ssh-keygen', 'openssh-client'],
  ['/usr/bin/gcc', 'gcc libc6-dev'],
  ['/usr/sbin/ip', 'iproute2'],
] as const

const C_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  meter: ['measure/meter.c'],
  tapdelay: ['lab/tapdelay.c'],
  stopwatch: ['lab/stopwatch.c'],
  'faulty-peers': ['lab/faulty-peers.c'],
  'bare-libssh2': ['floor/bare-libssh2.c', 'ssh2'],
}
const GO_PROGRAMS: Readonly<Record<string, string>> = {
  'bare-go': 'floor/bare-go.go',
  'light-server': 'lab/light-server.go',
}

interface AllTools {
  readonly ssh: readonly Tool[]
  readonly winrm: readonly WinRmTool[]
}

/** What all sections share: tools, lab, compiled helpers, and the samples. */
export function benchOf(options: Options, work: string, all: AllTools): RunningBench {
  const samples: Sample[] = []
  const skipped: Skipped[] = []
  const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)
  const skip = (section: string, reason: string): void => {
    if (skipped.some((entry) => entry.section === section && entry.reason === reason)) return
    skipped.push({ section, reason })
    say(`SKIPPED ${section}: ${reason}`)
  }
  const programs = join(work, 'programs')
  mkdirSync(programs)
  const program = memo((name) => compile(name, programs, skip))
  const present = <T extends WinRmTool | Tool>(known: readonly T[]): readonly T[] => {
    const wanted = known.filter(
      ({ id }) => options.tools.length === 0 || id === 'against' || options.tools.includes(id),
    )
    for (const tool of wanted.filter((tool) => !isThere(tool))) skip(tool.id, `not installed; Debian: ${tool.debian}`)
    return wanted.filter(isThere)
  }
  const tools = present(all.ssh).filter((tool) => tool.kind !== 'floor' || program(`bare-${tool.id}`) !== null)
  const winrmTools = present(all.winrm)
  const lab = memo(() => tryLab(work, skip))
  let folders = 0
  return {
    options,
    tools,
    winrmTools,
    samples,
    skipped,
    say,
    skip,
    program,
    lab: () => lab(''),
    folder(name) {
      folders += 1
      // Some tools take no path with a space in it.
      const folder = join(work, `${folders}-${name.replaceAll(' ', '-')}`)
      mkdirSync(folder)
      return folder
    },
    record: (sample) => void samples.push(sample),
    notes: () =>
      [...tools, ...winrmTools.filter(({ id }) => !tools.some((tool) => tool.id === id))]
        .filter(({ id }) => samples.some(({ tool }) => tool === id))
        .map((tool) => ({
          id: tool.id,
          name: tool.name,
          kind: tool.kind,
          version: tool.version(),
          configuration: tool.configuration,
        })),
  }
}

type Skip = (section: string, reason: string) => void

function compile(name: string, folder: string, skip: Skip): string | null {
  try {
    const [source, ...libraries] = C_PROGRAMS[name] ?? []
    return source ? compileC(source, folder, ...libraries) : compileGo(GO_PROGRAMS[name] ?? '', folder)
  } catch (error) {
    const debian = name in C_PROGRAMS ? 'gcc libc6-dev libssh2-1-dev' : 'golang-go golang-golang-x-crypto-dev'
    skip(name, `could not be compiled (Debian: ${debian}): ${error instanceof Error ? error.message : error}`)
    return null
  }
}

function tryLab(work: string, skip: Skip): Lab | null {
  const missing = NEEDED.filter(([path]) => !existsSync(path)).map(([, debian]) => debian)
  if (missing.length > 0) skip('lab', `programs are missing; Debian: ${missing.join(' ')}`)
  if (process.getuid?.() !== 0) skip('lab', 'it makes network namespaces and a user: run it as root')
  if (missing.length > 0 || process.getuid?.() !== 0) return null
  for (const name of removeLeftovers()) process.stderr.write(`bench: removed what a killed run had left: ${name}\n`)
  const folder = join(work, 'lab')
  mkdirSync(folder)
  return makeLab(folder)
}

function memo<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>()
  return (name) => {
    if (!made.has(name)) made.set(name, make(name))
    return made.get(name) as T
  }
}
