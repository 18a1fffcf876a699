import type { ProcessStream } from '../core/channel.ts'
import { type Failure, fail, type Result, success } from '../core/failure.ts'
import type { Target } from '../core/transport.ts'
import { closedAccount } from './posix-no-shell.ts'
import { printable } from './tool-answer.ts'

export type Become = NonNullable<Target['become']>

/** Starts a program on the device, and writes `input` to its stdin first. */
export type StartProcess = (command: string, input?: string) => Promise<Result<ProcessStream>>

/** Wraps a constant command line for another user; `script` is `sh`, or `sh -c '…'` without quotes inside. */
function becomeCommand(become: Become | undefined, token: string, script: string | undefined): string {
  const plain = script === undefined ? 'sh' : `sh -c '${script}'`
  if (!become) return plain
  if (become.method === 'doas') return `doas -n ${plain}`
  if (!become.password) return `sudo -n ${plain}`
  return `sudo -S -p ${token}p sh -c 'echo ${token}r >&2; ${script ?? 'exec sh'}'`
}

/**
 * Starts `sh`, or a constant script, as the user that is asked for, and gives it `input`. With a password it waits until
 * sudo asks for it, so that it can never end up in another program. Fails with BECOME_REFUSED when sudo is missing or
 * refuses it.
 */
export async function startAs(
  start: StartProcess,
  options: {
    readonly become: Become | undefined
    readonly token: string
    readonly script?: string
    readonly input?: string
  },
): Promise<Result<ProcessStream>> {
  const { become, token, script, input = '' } = options
  if (become?.method === 'doas' && become.password) return fail(NO_DOAS_PASSWORD)
  const command = becomeCommand(become, token, script)
  if (!become?.password) return start(command, input)
  const started = await start(command)
  if (!started.ok) return started
  const answer = await answerPrompt(started.value, token, become.password.reveal())
  if (!answer.ok) started.value.destroy()
  else if (input !== '') answer.value.write(input)
  return answer
}

/** Listeners can be set once on a process; this lets the conversation with sudo have them first. */
function answerPrompt(stream: ProcessStream, token: string, password: string): Promise<Result<ProcessStream>> {
  const prompt = `${token}p`
  const ready = `${token}r\n`
  return new Promise((resolve) => {
    let heard = ''
    let asked = 0
    let said = ''
    // What stands there before sudo has asked comes from something that was started in its place.
    let onStdout = (chunk: Uint8Array): void => {
      said = (said + Buffer.from(chunk).toString('latin1')).slice(-4096)
    }
    let onStderr = (chunk: Uint8Array): void => {
      heard = (heard + Buffer.from(chunk).toString('latin1')).slice(-4096)
      if (heard.includes(ready)) resolve(success(handOver))
      if (!heard.includes(prompt)) return
      asked += 1
      if (asked === 1) stream.write(`${password}\n`)
      else resolve(fail(refused('sudo', 'The password was not accepted.', heard)))
      heard = heard.slice(heard.lastIndexOf(prompt) + prompt.length)
    }
    const handOver: ProcessStream = {
      write: (data) => stream.write(data),
      drain: () => stream.drain(),
      end: () => stream.end(),
      onStdout: (listener) => {
        onStdout = listener
      },
      onStderr: (listener) => {
        onStderr = listener
      },
      onExit: (listener) => stream.onExit(listener),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      destroy: () => stream.destroy(),
    }
    stream.onStdout((chunk) => onStdout(chunk))
    stream.onStderr((chunk) => onStderr(chunk))
    stream.onExit((end) => resolve(fail(becomeFailure('sudo', end.code, said + heard))))
  })
}

/** doas(1) takes a password from a terminal only, and a terminal would mix its streams and echo what is sent. */
const NO_DOAS_PASSWORD: Failure = {
  code: 'BECOME_REFUSED',
  phase: 'open',
  message: 'doas cannot be given a password: it reads one from a terminal only.',
  hint: 'Write `permit nopass USER as root` into /etc/doas.conf of the device and leave `password` out, or use sudo.',
}

/** Why the interpreter was not started, from how that ended and what was said: what speaks of the account comes before sudo. */
export function becomeFailure(method: Become['method'], code: number | undefined, said: string): Failure {
  if (code === undefined) return { code: 'SESSION_LOST', phase: 'open', message: `The connection broke at ${method}.` }
  const closed = closedAccount(said)
  if (closed) return closed
  if (code === 127) return refused(method, `The program "${method}" is not on the device.`, said)
  if (
    /password is required|no password was provided|authentication (is )?required|Authorization required/i.test(said)
  ) {
    return refused(method, 'It asks for a password.', said)
  }
  if (method === 'doas' && /Operation not permitted/.test(said)) {
    return refused(method, 'No rule of /etc/doas.conf permits it.', said)
  }
  return refused(method, `It ended with ${code}.`, said)
}

function refused(method: Become['method'], reason: string, said: string): Failure {
  return {
    code: 'BECOME_REFUSED',
    phase: 'open',
    message: `The device refused ${method}. ${reason}`,
    evidence: { stderr: printable(said) },
    ...(method === 'doas' && { hint: 'Write `permit nopass USER as root` into /etc/doas.conf of the device.' }),
  }
}
