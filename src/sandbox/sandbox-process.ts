import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A program of the sandbox, in its room of src or dist: compiled, or as it was written when this runs from the sources. */
function program(name: string): readonly string[] {
  const compiled = import.meta.url.endsWith('.js')
  const file = fileURLToPath(new URL(`../sandbox/${name}.${compiled ? 'js' : 'ts'}`, import.meta.url))
  return compiled ? [process.execPath, file] : [process.execPath, '--import', 'tsx', file]
}

/** No core dumps, no file above 2 GiB, no endless crowd of processes: a device must not bring the machine down. */
const LIMITED = 'ulimit -c 0; ulimit -f 4194304; ulimit -u 8192 2>/dev/null || ulimit -p 8192 2>/dev/null; exec "$@"'

export function startWorker(): ChildProcess {
  const env = { PATH: process.env['PATH'], NODE_OPTIONS: '--max-old-space-size=1024' }
  return spawn('/bin/sh', ['-c', LIMITED, 'worker', ...program('worker')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env,
  })
}

/** Makes the endpoints swallow connections until `stop`; rejects when one of them cannot be listened on. */
export async function startBlackHole(
  endpoints: readonly { readonly address: string; readonly port: number }[],
): Promise<{ stop(): Promise<void> }> {
  const [node = process.execPath, ...args] = program('black-hole')
  const child = spawn(node, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } })
  child.stdin.end(JSON.stringify(endpoints))
  const said = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('exit', () => resolve('The process for black holes ended.'))
    child.once('error', (error) => resolve(error.message))
  })
  if (said !== 'ready') throw new Error(said)
  return {
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** What tells a process from a later one with the same number (proc(5), starttime), or undefined if there is none. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** How many files this process and its children may have open. */
export function openFilesLimit(): number {
  const [, , hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return hard === 'unlimited' ? 1_048_576 : Number(hard ?? 1024)
}
