import type { ChainLink, DeviceShell } from '../../core/chain.ts'
import type { ShellAnswer, ShellDialect, ShellRequest } from '../../core/channel.ts'
import { type Result, SessionLost } from '../../core/failure.ts'
import type { Leftover } from '../../core/fence.ts'
import type { Device } from '../../core/fleet.ts'
import type { Connection, Target } from '../../core/transport.ts'
import { openPosixShell, type PosixShell } from '../../shell/posix-channel.ts'
import { openPowerShell, type PowerShell } from '../../shell/powershell-channel.ts'

/** Told how far a device has come, by those who have to know how many are on their way in. */
export interface SessionWatch {
  /** It asks for a connection. */
  connecting(device: Device): void
  /** It has one. */
  connected(device: Device): void
}

export interface LazyShellDependencies {
  readonly target: () => Promise<Result<Target>>
  readonly connect: (target: Target, signal: AbortSignal) => Promise<Result<Connection>>
  /** Of the run: everything ends now. */
  readonly signal: AbortSignal
  readonly watch: SessionWatch
}

/** A shell that connects at the first question, so that a runbook which asks nothing costs no connection. */
export class LazyShell {
  readonly shell: DeviceShell
  readonly #device: Device
  readonly #dependencies: LazyShellDependencies
  /** The run ends, or it was closed before there was a connection: nobody waits for it any more. */
  readonly #leaving = new AbortController()
  readonly #leave = (): void => this.#leaving.abort()
  #opening: Promise<PosixShell | PowerShell> | undefined
  #connection: Connection | undefined
  /** Those it has opened; one after another, where a session was let go. */
  readonly #opened: DeviceShell[] = []

  constructor(device: Device, dependencies: LazyShellDependencies) {
    this.#device = device
    this.#dependencies = dependencies
    if (dependencies.signal.aborted) this.#leave()
    else dependencies.signal.addEventListener('abort', this.#leave, { once: true })
    this.shell = {
      kind: 'shell',
      dialect: dialectOf(device),
      ask: async (request: ShellRequest): Promise<ShellAnswer> => (await this.#open()).ask(request),
      upload: async (...upload: Parameters<DeviceShell['upload']>): Promise<ShellAnswer> =>
        (await this.#open()).upload(...upload),
      chain: (links: readonly ChainLink[]): readonly Promise<ShellAnswer>[] => {
        const opened = this.#open().then((shell) => shell.chain(links))
        return links.map(async (_, index) => (await opened)[index] as Promise<ShellAnswer>)
      },
      renew: () => this.#letGo(),
      leftovers: (): readonly Leftover[] => this.#opened.flatMap((shell) => shell.leftovers?.() ?? []),
      breakChain: () => {
        this.#opening?.then((shell) => shell.breakChain?.()).catch(() => undefined)
      },
    }
  }

  async close(): Promise<void> {
    this.#dependencies.signal.removeEventListener('abort', this.#leave)
    if (!this.#connection) this.#leave()
    await this.#letGo()
  }

  async #letGo(): Promise<void> {
    const shell = await this.#opening?.catch(() => undefined)
    shell?.close()
    const connection = this.#connection
    this.#opening = undefined
    this.#connection = undefined
    await connection?.close()
  }

  #open(): Promise<PosixShell | PowerShell> {
    this.#opening ??= this.#connect().then((shell) => {
      this.#opened.push(shell)
      return shell
    })
    return this.#opening
  }

  async #connect(): Promise<PosixShell | PowerShell> {
    this.#dependencies.watch.connecting(this.#device)
    const target = orInterrupt(await this.#dependencies.target())
    const connection = orInterrupt(await this.#dependencies.connect(target, this.#leaving.signal))
    this.#connection = connection
    this.#dependencies.watch.connected(this.#device)
    if (this.#leaving.signal.aborted) await connection.close()
    const { deadlines, maxOutputBytes, become } = target
    const common = { deadlines, maxOutputBytes, signal: this.#leaving.signal }
    const { lockName = this.#device.name, scripts } = target
    if (dialectOf(this.#device) === 'powershell')
      return openPowerShell({ ...common, connection, lockName, ...(scripts && { scripts }) })
    const start: Connection['exec'] = (command, input) => connection.exec(command, input)
    return openPosixShell({ ...common, start, lockName, ...(become && { become }) })
  }
}

/** Windows is spoken to in PowerShell whatever carries it; everything else in POSIX sh. */
function dialectOf(device: Device): ShellDialect {
  return device.os.family === 'windows' ? 'powershell' : 'posix'
}

function orInterrupt<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new SessionLost(result.failure)
}
