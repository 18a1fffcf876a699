import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { loadState, type MachineState, saveState, type WindowsService } from './machine-state.ts'
import { WindowsFiles } from './windows-files.ts'

/** What is wrong with a machine, beside its connections. */
export interface MachineTrouble {
  readonly diskFull: boolean
  readonly pendingReboot: boolean
}

export interface WindowsProcess {
  readonly pid: number
  /** `zabbix_agent2.exe` */
  readonly name: string
  readonly user: string
  readonly command: string
}

const DISK_BYTES = 64 * 1024 ** 3
const RESTART_MS = 1_000
const USED_BYTES = 21 * 1024 ** 3

/** A Windows device: its disk, and what Windows keeps beside it. Everything is in a folder of the sandbox. */
export class WindowsMachine {
  readonly #folder: string
  #state: MachineState | undefined
  #changes = 0
  /** What hangs on its serial ports: a loopback address that answers as the device there, or that a program has it open. */
  readonly serialPorts = new Map<string, { readonly host: string; readonly port: number } | 'held'>()
  trouble: MachineTrouble = { diskFull: false, pendingReboot: false }
  readonly files: WindowsFiles
  /** As NetBIOS has it. */
  readonly computer: string
  /** Of Windows: `21H2`. */
  readonly release: string | undefined

  constructor(folder: string, what: { readonly computer: string; readonly release: string | undefined }) {
    this.#folder = folder
    this.computer = what.computer
    this.release = what.release
    this.files = new WindowsFiles(join(folder, 'C'), {
      isFull: () => this.trouble.diskFull,
      changed: () => {
        this.#changes += 1
      },
    })
  }

  /** How often something was changed since this was made. */
  get changes(): number {
    return this.#changes
  }

  get state(): MachineState {
    this.#state ??= loadState(this.#folder)
    return this.#state
  }

  /** Changes what Windows keeps; it is on the disk when this returns. */
  change(action: (state: MachineState) => void): void {
    action(this.state)
    this.#changes += 1
    saveState(this.#folder, this.state)
  }

  service(name: string): WindowsService | undefined {
    const wanted = name.toLowerCase()
    const { services } = this.state
    return services[wanted] ?? Object.values(services).find(({ display }) => display.toLowerCase() === wanted)
  }

  /** Those that always run, and one for each service that does. */
  get processes(): readonly WindowsProcess[] {
    const services = Object.values(this.state.services).filter(({ status }) => status === 'Running')
    return [
      ...ALWAYS,
      ...services.map(({ image, account, name }) => ({
        pid: pidOf(name),
        name: programOf(image),
        user: account.split('\\').at(-1) ?? account,
        command: image,
      })),
    ]
  }

  /** Whether something takes connections on a port: WinRM, and the agent while it runs. */
  listens(port: number): boolean {
    return port === 5985 || (port === 10_050 && this.processes.some(({ name }) => name === 'zabbix_agent2.exe'))
  }

  get disk(): { readonly size: number; readonly free: number } {
    return { size: DISK_BYTES, free: this.trouble.diskFull ? 0 : DISK_BYTES - USED_BYTES }
  }

  /** Why Windows waits for a restart. */
  get pendingReboot(): readonly string[] {
    const { boots, pendingReboot } = this.state
    return [...(this.trouble.pendingReboot && boots === 0 ? ['windows-update'] : []), ...pendingReboot]
  }

  get uptimeS(): number {
    return Math.max(0, Math.floor((Date.now() - Date.parse(this.state.bootedAt)) / 1000))
  }

  /** Called when it goes down to start anew. */
  onRestart: () => void = () => undefined

  /** Begins a little later, so that whoever ordered it hears that it was understood. */
  restart(): void {
    setTimeout(() => {
      this.change((state) => {
        state.boots += 1
        state.pendingReboot = []
        state.bootedAt = new Date().toISOString()
        for (const service of Object.values(state.services))
          service.status = service.start === 2 ? 'Running' : 'Stopped'
      })
      this.onRestart()
    }, RESTART_MS).unref()
  }
}

const ALWAYS: readonly WindowsProcess[] = [
  { pid: 4, name: 'System', user: 'SYSTEM', command: 'System' },
  { pid: 620, name: 'lsass.exe', user: 'SYSTEM', command: 'C:\\Windows\\system32\\lsass.exe' },
  { pid: 812, name: 'svchost.exe', user: 'SYSTEM', command: 'C:\\Windows\\system32\\svchost.exe -k DcomLaunch -p' },
  { pid: 3140, name: 'explorer.exe', user: 'kasa', command: 'C:\\Windows\\Explorer.EXE' },
]

/** Numbers of processes of Windows are multiples of four. */
function pidOf(name: string): number {
  return 4000 + (createHash('sha256').update(name).digest().readUInt16BE(0) % 4000) * 4
}

/** The file name of the program of a command line. */
export function programOf(line: string): string {
  const path = /^"([^"]+)"/.exec(line)?.[1] ?? line.split(' ')[0] ?? line
  return path.split(/[\\/]/).at(-1) ?? path
}
