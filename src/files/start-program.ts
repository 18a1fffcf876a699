import {
  ChildProcess,
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  spawn,
} from 'node:child_process'
import { PassThrough, type Readable } from 'node:stream'

type Piped = SpawnOptions & { readonly stdio: 'pipe' | readonly ['pipe', 'pipe', 'pipe'] }
type Reading = SpawnOptions & { readonly stdio: readonly ['ignore', 'pipe', 'pipe'] }

/**
 * As `spawn` of Node.js, which tells in three ways that a program could not be started: for want of files it returns one without
 * streams, for want of memory it throws, and otherwise `error` is told. Here it is always that event, and `close` behind it.
 *
 * @param options which of its streams are pipes; these are there whatever happens
 */
export function startProgram(program: string, args: readonly string[], options: Piped): ChildProcessWithoutNullStreams
export function startProgram(
  program: string,
  args: readonly string[],
  options: Reading,
): ChildProcessByStdio<null, Readable, Readable>
export function startProgram(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawned(program, args, options)
  const bare = child as { stdin?: unknown; stdout?: unknown; stderr?: unknown }
  for (const name of ['stdin', 'stdout', 'stderr'] as const) bare[name] ??= isPiped(options, name) ? ended() : null
  return child
}

function spawned(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(program, [...args], options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'spawn') throw error
    const child = new ChildProcess()
    process.nextTick(() => {
      child.emit('error', error)
      child.emit('close', null, null)
    })
    return child
  }
}

function isPiped({ stdio }: SpawnOptions, name: 'stdin' | 'stdout' | 'stderr'): boolean {
  return stdio === 'pipe' || (Array.isArray(stdio) && stdio[['stdin', 'stdout', 'stderr'].indexOf(name)] === 'pipe')
}

/** Nothing comes from it, and nobody reads what is written to it. */
function ended(): PassThrough {
  return new PassThrough().resume().end()
}
