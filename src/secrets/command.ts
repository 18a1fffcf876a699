import { type Failure, fail, type Result, success } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import { startProgram } from '../files/start-program.ts'

/** A program of this machine that tells secrets. */
export interface SecretCommand {
  /** The program and its arguments; `{}` in one of them stands for what is asked for, which comes last unless it does. */
  readonly run: readonly string[]
  readonly timeoutMs: number
}

const LONGEST_BYTES = 64 * 1024
const SAID_CHARACTERS = 200

/** What is asked for: a path or a name, never an option, a way out of a folder, or more than one word. */
const ASKED = /^(?!-)(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._@:=+/-]{1,500}$/

/**
 * `command:NAME/WHAT`: the first line that the command NAME of tillwright.yaml puts out when it is asked for WHAT. It is
 * started without a shell, in the folder of the repository, with the environment of `till`; what it puts out goes nowhere
 * else. An inventory chooses among the commands that the project file names, and cannot make one of its own.
 */
export function commandSecrets(root: string, commands: Readonly<Record<string, SecretCommand>>): SecretSource {
  return {
    name: 'command',
    async read(reference) {
      const slash = reference.indexOf('/')
      const name = slash < 0 ? reference : reference.slice(0, slash)
      const what = slash < 0 ? '' : reference.slice(slash + 1)
      const command = Object.hasOwn(commands, name) ? commands[name] : undefined
      if (!command) return fail(unknown(name, Object.keys(commands)))
      if (slash >= 0 && !ASKED.test(what)) {
        return fail(
          unable(`${JSON.stringify(what)} cannot be asked of the command "${name}": it must be a plain name or path.`),
        )
      }
      return run(name, command, { what, root })
    },
  }
}

function run(
  name: string,
  { run: words, timeoutMs }: SecretCommand,
  { what, root }: { readonly what: string; readonly root: string },
): Promise<Result<Secret>> {
  const [program = '', ...rest] = argumentsOf(words, what)
  return new Promise((resolve) => {
    // A group of its own, so that what it started ends with it.
    const child = startProgram(program, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const out: Buffer[] = []
    let said = ''
    let size = 0
    let expired = false
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    const timer = setTimeout(() => {
      expired = true
      end()
    }, timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= LONGEST_BYTES) out.push(chunk)
      else end()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, SAID_CHARACTERS)
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve(fail(unable(`The command "${name}" ("${program}") could not be started: ${error.code ?? 'failed'}.`)))
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (expired) return resolve(fail(unable(`The command "${name}" did not end within ${timeoutMs / 1000} s.`)))
      if (size > LONGEST_BYTES) return resolve(fail(unable(`The command "${name}" put out more than a secret.`)))
      if (code !== 0) return resolve(fail(ended(name, signal ?? `exit code ${code}`, said)))
      resolve(firstLine(name, Buffer.concat(out).toString('utf8')))
    })
  })
}

function argumentsOf(words: readonly string[], what: string): readonly string[] {
  if (words.some((word) => word.includes('{}'))) return words.map((word) => word.replaceAll('{}', what))
  return what === '' ? words : [...words, what]
}

function firstLine(name: string, text: string): Result<Secret> {
  const line = text.split(/\r?\n/, 1)[0] ?? ''
  return line === ''
    ? fail(unable(`The command "${name}" ended well, but put nothing out.`))
    : success(new Secret(line))
}

function unknown(name: string, known: readonly string[]): Failure {
  const there = known.length === 0 ? 'it names none' : `it names ${known.join(', ')}`
  return unable(`"${name}" is no command under secrets.commands of tillwright.yaml; ${there}.`)
}

/** Only what it said on stderr: stdout may be half of a secret. Warnings of tools (`gpg: WARNING: unsafe permissions`) are no reason. */
function ended(name: string, how: string, said: string): Failure {
  const lines = said.split('\n').map((text) => text.trim().replace(/\.$/, ''))
  const line =
    lines.find((text) => text !== '' && !/\bwarning\b/i.test(text)) ?? lines.find((text) => text !== '') ?? ''
  return unable(`The command "${name}" ended with ${how}${line === '' ? '' : `: ${line}`}.`)
}

function unable(message: string): Failure {
  return { code: 'SECRET_COMMAND_FAILED', phase: 'resolve', message }
}
