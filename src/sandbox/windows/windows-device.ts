import { setTimeout as sleep } from 'node:timers/promises'
import { READ_AND_RUN } from '../../shell/encoded-command.ts'
import { powerShellBootstrap } from '../../shell/powershell.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../shell/powershell-device.ts'
import type { DeviceFault } from '../fault.ts'
import { ENDLESS, withNoise } from '../output-fault.ts'
import { type Interpreted, Interpreter, type UploadSink } from './interpreter.ts'
import type { ProgramOutput, WindowsProgram } from './program.ts'
import { runProgram } from './programs.ts'
import { standIn } from './stand-ins.ts'
import { windowsArguments } from './windows-arguments.ts'
import type { WindowsMachine } from './windows-machine.ts'

const VERSION = '5.1.19041.4291'
const OLD_VERSION = '2.0'
const SLOW_START_MS = 5_000
/** What hangs unless something is named. */
const HANGING = 'service'

const BOOTSTRAPS = {
  environment: powerShellBootstrap('environment'),
  stdin: powerShellBootstrap('stdin'),
}

/** The programs of a Windows device, however one came to it. */
export class WindowsDevice {
  readonly machine: WindowsMachine
  #fault: DeviceFault | undefined
  #nextPid = 5_000
  /** Called when it dies of what its fault says, and when it starts anew. */
  onCrash: () => void = () => undefined

  constructor(machine: WindowsMachine) {
    this.machine = machine
    machine.onRestart = () => this.onCrash()
  }

  get fault(): DeviceFault | undefined {
    return this.#fault
  }

  set fault(fault: DeviceFault | undefined) {
    this.#fault = fault
    this.machine.trouble = {
      diskFull: fault?.name === 'disk-full',
      pendingReboot: fault?.name === 'pending-reboot',
    }
  }

  /** Starts a command line: Windows PowerShell with the runner, or one of the few programs that are imitated. */
  start(line: string, environment: ReadonlyMap<string, string>, to: ProgramOutput): WindowsProgram {
    const output = this.#faulty(to)
    if (this.#fault?.name === 'tarpit-exec') return SILENT
    if (this.#fault?.name === 'endless-output') return endless(output)
    const bootstrap = bootstrapOf(line)
    if (bootstrap === BOOTSTRAPS.stdin || line.endsWith(READ_AND_RUN)) {
      return new Interpreter(this.#interpreted(), output, undefined)
    }
    if (bootstrap === BOOTSTRAPS.environment) {
      return new Interpreter(this.#interpreted(), output, packedIn(environment))
    }
    return finished(this.#run(line), output)
  }

  #run(line: string): DeviceAnswer {
    const [program = '', ...args] = windowsArguments(line)
    return runProgram(this.machine, program, args)
  }

  #interpreted(): Interpreted {
    this.#nextPid += 4
    return {
      version: this.#fault?.name === 'wrong-shell' ? OLD_VERSION : VERSION,
      pid: this.#nextPid,
      startMs: this.#fault?.name === 'slow-start' ? (this.#fault.startMs ?? SLOW_START_MS) : 0,
      answer: (ask) => this.#answer(ask),
      upload: (path) => this.#upload(path),
    }
  }

  async #answer(ask: ExchangeAsk): Promise<DeviceAnswer> {
    if (!this.#hangs(ask.name)) return standIn(this.machine, ask)
    await sleep(ask.limitMs, undefined, { ref: false })
    return { how: 'late', exitCode: 124 }
  }

  /** By the whole name of what is asked, `service.converge`, or by its first part. */
  #hangs(name: string): boolean {
    if (this.#fault?.name !== 'hang') return false
    const { program = HANGING } = this.#fault
    return name === program || name.startsWith(`${program}.`)
  }

  #upload(path: string): UploadSink {
    return this.machine.files.sink(path, 'wx')
  }

  /** Its output goes through what is wrong with the device. */
  #faulty(to: ProgramOutput): ProgramOutput {
    if (this.#fault?.name === 'garbage-output') return { ...bound(to), stdout: (bytes) => to.stdout(withNoise(bytes)) }
    if (this.#fault?.name !== 'crash-after-change') return to
    const before = this.machine.changes
    const unless = (say: () => void): void => {
      if (this.machine.changes === before) say()
      else this.onCrash()
    }
    return {
      stdout: (bytes) => unless(() => to.stdout(bytes)),
      stderr: (bytes) => unless(() => to.stderr(bytes)),
      exit: (code) => unless(() => to.exit(code)),
    }
  }
}

function bound(to: ProgramOutput): ProgramOutput {
  return {
    stdout: (bytes) => to.stdout(bytes),
    stderr: (bytes) => to.stderr(bytes),
    exit: (code) => to.exit(code),
  }
}

/** What a `powershell.exe … -EncodedCommand` is given; undefined for any other command line. */
function bootstrapOf(line: string): string | undefined {
  const encoded = /^"?(?:[^" ]*\\)?powershell(?:\.exe)?"?\s.*-EncodedCommand\s+([A-Za-z0-9+/=]+)\s*$/i.exec(line)?.[1]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf16le')
}

function packedIn(environment: ReadonlyMap<string, string>): string {
  const parts: string[] = []
  for (let n = 1; environment.has(`TILL_${n}`); n++) parts.push(environment.get(`TILL_${n}`) ?? '')
  return parts.join('')
}

const SILENT: WindowsProgram = { write: () => undefined, end: () => undefined, kill: () => undefined }

function finished({ exitCode = 0, stdout = '', stderr = '' }: DeviceAnswer, output: ProgramOutput): WindowsProgram {
  setImmediate(() => {
    output.stdout(Buffer.from(stdout))
    output.stderr(Buffer.from(stderr))
    output.exit(exitCode)
  })
  return SILENT
}

const ENDLESS_MS = 50
/** Nobody reads as much as this; it ends so that it does not fill the memory of the sandbox. */
const ENDLESS_PIECES = 200

function endless(output: ProgramOutput): WindowsProgram {
  let pieces = 0
  const timer = setInterval(() => {
    output.stdout(ENDLESS)
    pieces += 1
    if (pieces === ENDLESS_PIECES) clearInterval(timer)
  }, ENDLESS_MS)
  timer.unref()
  return { ...SILENT, kill: () => clearInterval(timer) }
}
