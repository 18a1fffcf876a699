import type { JsonValue } from '../../core/json.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../shell/powershell-device.ts'
import type { WindowsMachine } from './windows-machine.ts'

/** What a fragment finds in `$v`. */
export class Given {
  readonly #values: ExchangeAsk['values']

  constructor(values: ExchangeAsk['values']) {
    this.#values = values
  }

  text(name: string): string {
    const value = this.#values[name]
    return value === undefined ? '' : String(value)
  }

  number(name: string): number {
    return Number(this.#values[name] ?? 0)
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }
}

/** Does on a device what the fragment of that name does on Windows. What it throws is said on stderr. */
export type StandIn = (machine: WindowsMachine, given: Given) => DeviceAnswer | Promise<DeviceAnswer>

/** Ends a fragment with an exit code and a message, as `Stop-Till` does. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** One value as one line of JSON, as `Write-TillJson` puts it out. */
export function json(value: JsonValue): DeviceAnswer {
  return { stdout: `${JSON.stringify(value)}\n` }
}

/** What is said of something that cannot be imitated. */
export function notImitated(what: string): DeviceAnswer {
  return { exitCode: 126, stderr: `The sandbox only imitates Windows: ${what} See docs/sandbox.md for what it knows.` }
}
