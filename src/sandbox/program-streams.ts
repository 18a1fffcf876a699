import type { ChildProcess } from 'node:child_process'
import type { Readable, Transform } from 'node:stream'
import type ssh2 from 'ssh2'

/** Something between the output of a program and the line, or in place of its output. */
export type OutputFault = { readonly through: Transform } | { readonly instead: Readable }

/**
 * Carries the three streams of a program over a channel. Resolves when the program has ended, after its exit code went
 * out behind the last of its output. When the channel goes away, the program meets closed pipes, as under sshd.
 */
export function carryStreams(
  channel: ssh2.ServerChannel,
  program: ChildProcess,
  fault: OutputFault | undefined,
): Promise<void> {
  const { stdin, stdout, stderr } = program
  if (!stdin || !stdout || !stderr) return Promise.reject(new Error('A program without streams'))
  for (const stream of [stdin, stdout, stderr, channel]) stream.on('error', () => stream.destroy())
  channel.pipe(stdin)
  stderr.pipe(channel.stderr, { end: false })
  const output = outputOf(stdout, fault)
  output.pipe(channel, { end: false })
  const letGo = (): void => {
    for (const stream of [stdin, stdout, stderr, output]) stream.destroy()
  }
  channel.on('close', letGo)
  return new Promise((resolve) => {
    const ended = Promise.all([exitOf(program), endOf(stdout), endOf(stderr), endOf(output)])
    void ended.then(([exit]) => report(channel, exit))
    void exitOf(program).then(() => resolve())
  })
}

function outputOf(stdout: Readable, fault: OutputFault | undefined): Readable {
  if (fault === undefined) return stdout
  if ('through' in fault) return stdout.pipe(fault.through)
  stdout.resume()
  return fault.instead
}

function exitOf(program: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve) => {
    program.once('error', () => resolve(127))
    program.once('exit', (code, signal) => resolve(code ?? signal ?? 127))
  })
}

/** A stream that is not read to its end, or that never ends, holds nothing up once it is destroyed. */
function endOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('end', resolve)
    stream.once('close', resolve)
  })
}

function report(channel: ssh2.ServerChannel, exit: number | NodeJS.Signals): void {
  if (channel.destroyed || !channel.writable) return
  // Exit codes are not data and would overtake output that waits for the window.
  channel.write(Buffer.alloc(0), () => {
    if (typeof exit === 'number') channel.exit(exit)
    else channel.exit(exit.replace(/^SIG/, ''))
    channel.end()
  })
}
