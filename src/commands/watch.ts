import { setTimeout as delay } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { PictureKeeper } from '../app/overview/picture-keeper.ts'
import { selectDevices } from '../app/revision/selection.ts'
import { workingFleet } from '../app/revision/targets.ts'
import { lastTop, moved, type WatchKey, type WatchPlace, watchFrame, watchText } from '../app/watch/watch-frame.ts'
import { type WrongStore, watchChanges, wrongStores } from '../app/watch/wrong-devices.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { selectionFlags } from '../cli/selection-flags.ts'
import { WatchScreen } from '../cli/watch-screen.ts'

/** How often it is looked whether runs have found something new. */
const LOOK_MS = 1_000

export default class Watch extends BaseCommand {
  static override summary = 'Watch what is wrong now, by store, as runs find it.'
  static override description = [
    'Asks no device: it follows what plan, apply, drift and repairs write into the history. Keys: arrows, PgUp, PgDn, Home and End move,',
    '/ filters (by words of store, device, state or reason), Esc clears the filter, q ends. Where stdout or stdin is no terminal, and with',
    '--json, each change is a line of JSON (schema till.watch/1), first all that is wrong; with --once, no line says that nothing is.',
    'Exit code: 0.',
  ].join('\n')
  static override examples = [
    { description: 'What is wrong now', command: '<%= config.bin %> watch' },
    {
      description: 'Fiscal printers of one region',
      command: '<%= config.bin %> watch --region slaskie --kind fiscal-printer',
    },
    {
      description: 'Each change, for another program',
      command: '<%= config.bin %> watch --json | jq -c "select(.change)"',
    },
    { description: 'What is wrong, once', command: '<%= config.bin %> watch --once' },
  ]
  static override flags = {
    ...selectionFlags,
    once: Flags.boolean({ description: 'show it once, and end' }),
    json: Flags.boolean({ description: 'each change as a line of JSON', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Watch)
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const devices = await selectDevices(fleet, flags, { store: () => project.store() })
    const own = new Set(devices.map(({ name }) => name))
    const keeper = new PictureKeeper(async () => ({ project, fleet, store: await project.store() }))
    const look = async (): Promise<readonly WrongStore[]> =>
      wrongStores(await keeper.refresh(), (name) => own.has(name))
    const isScreen = process.stdout.isTTY === true && process.stdin.isTTY === true && process.env['TERM'] !== 'dumb'
    if (flags.json || (!isScreen && !flags.once)) await this.#lines(look, flags.once)
    else if (flags.once) await this.#once(await look())
    else await this.#screen(look)
    await project.close()
  }

  async #once(stores: readonly WrongStore[]): Promise<void> {
    const columns = process.stdout.isTTY ? this.columns : Number.POSITIVE_INFINITY
    await this.writePaged(watchText(stores, { columns, color: this.color, now: new Date() }))
  }

  /** Each change as a line, until a signal or until nobody reads any more. */
  async #lines(look: () => Promise<readonly WrongStore[]>, isOnce: boolean): Promise<void> {
    const end = new AbortController()
    const stop = (): void => end.abort()
    process.once('SIGINT', stop).once('SIGTERM', stop)
    process.stdout.once('error', stop).once('close', stop)
    let before: readonly WrongStore[] = []
    while (!end.signal.aborted) {
      const after = await look()
      for (const change of watchChanges(before, after, new Date())) await this.write(`${JSON.stringify(change)}\n`)
      before = after
      if (isOnce) return
      await pause(LOOK_MS, end.signal)
    }
  }

  async #screen(look: () => Promise<readonly WrongStore[]>): Promise<void> {
    let stores: readonly WrongStore[] = []
    let place: WatchPlace = { top: 0, filter: '', isTyping: false }
    const end = new AbortController()
    const stop = (): void => end.abort()
    const draw = (): void => {
      const { columns, rows } = screen
      screen.draw(watchFrame(stores, place, { columns, rows, color: this.color, now: new Date() }))
    }
    const onKey = (key: WatchKey | { readonly typed: string }): void => {
      if (key === 'quit') {
        stop()
        return
      }
      const last = lastTop(stores, place.filter, screen.rows)
      place = moved({ ...place, top: Math.min(place.top, last) }, key, { rows: screen.rows, last })
      draw()
    }
    const screen = new WatchScreen({ onKey, onResize: draw, isTyping: () => place.isTyping })
    process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop)
    screen.open()
    try {
      while (!end.signal.aborted) {
        stores = await look()
        draw()
        await pause(LOOK_MS, end.signal)
      }
    } finally {
      screen.close()
    }
  }
}

/** Ends early, and quietly, when it is aborted; leaves nothing listening behind. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
