import { formatCount } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { formatDuration } from './format-duration.ts'
import type { Output } from './output.ts'
import { Pace } from './pace.ts'
import { paintFor } from './paint.ts'
import { clip, plainText } from './plain-text.ts'
import { ProgressGroups } from './progress-groups.ts'
import { type RunTally, title } from './run-tally.ts'

/** listr2 draws as often as this, and so often the lines are made anew. */
const REDRAW_MS = 100
const MOST_ROWS = 16
const FEWEST_ROWS = 3
/** Heading, totals, problems and the prompt need the other lines of a terminal. */
const OTHER_LINES = 8
const MOST_PROBLEMS = 4
const BAR_COLUMNS = 20
/** The icon that listr2 puts before a title with its space, and two columns that it keeps free. */
const ICON_COLUMNS = 4

/** What listr2 reads a line from at its next drawing; a task without a title takes no line. */
interface Row {
  title?: string | undefined
}

/** The moving part of the terminal: a row per region or store in progress, totals, the last problems. */
export class LiveView {
  readonly #output: Output
  readonly #tally: RunTally
  readonly #groups: ProgressGroups
  readonly #pace = new Pace()
  readonly #problems: string[] = []
  /** Stands above the problems, and stays. */
  #notice: string | undefined
  /** Of listr2's tasks, in their order; the last one holds totals and problems. */
  readonly #rows: Row[] = []
  #writing: Promise<void> = Promise.resolve()
  #drawing: Promise<unknown> = Promise.resolve()
  #stop: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined

  private constructor(output: Output, tally: RunTally) {
    this.#output = output
    this.#tally = tally
    this.#groups = new ProgressGroups(tally.started?.devices ?? 0)
  }

  /** Draws until it is closed. */
  static async open(output: Output, tally: RunTally): Promise<LiveView> {
    const view = new LiveView(output, tally)
    await view.#draw()
    view.#timer = setInterval(() => view.#refresh(), REDRAW_MS).unref()
    return view
  }

  /** Resolves when the terminal has taken what was drawn so far. */
  event(event: RunEvent): Promise<void> {
    if (event.type === 'device.started') this.#groups.started(event)
    if (event.type === 'device.finished') {
      this.#groups.finished(event)
      if (event.failure) this.note(plainText(`${event.device} ${event.failure.code}: ${event.failure.message}`))
    }
    return this.#writing
  }

  /** Shows a line that stays: what is being done about an interruption. */
  notice(text: string): void {
    this.#notice = text
  }

  /** Shows a line among the problems. */
  note(text: string): void {
    this.#problems.push(text)
    if (this.#problems.length > MOST_PROBLEMS) this.#problems.shift()
  }

  /** Takes the view off the screen. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    // Every task that ends is a drawing: of nothing.
    for (const row of this.#rows) row.title = undefined
    this.#stop()
    await this.#drawing
    await this.#writing
  }

  async #draw(): Promise<void> {
    // Loaded here, since most commands draw nothing.
    const { createWritable, DefaultRenderer, Listr, ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } =
      await import('listr2')
    class Renderer extends DefaultRenderer {
      // Whether there is a terminal is known to whoever made the output.
      static override nonTTY = true
    }
    const stream = (write: (text: string) => void): NodeJS.WriteStream => createWritable(write) as NodeJS.WriteStream
    const stdout = stream((text) => {
      this.#writing = this.#writing.then(() => this.#output.write(text))
    })
    const processOutput = new ProcessOutput(
      stdout,
      stream(() => undefined),
    )
    const paint = paintFor(this.#output.color)
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve
    })
    const most = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, (this.#output.rows ?? 24) - OTHER_LINES))
    const tasks = Array.from({ length: most + 1 }, () => ({
      task: (_context: unknown, wrapper: { readonly task: Row }) => {
        this.#rows.push(wrapper.task)
        return stopped
      },
    }))
    const list = new Listr(tasks, {
      concurrent: true,
      registerSignalListeners: false,
      renderer: Renderer,
      rendererOptions: {
        clearOutput: true,
        formatOutput: 'truncate',
        color: { [ListrDefaultRendererLogLevels.PENDING]: (text: string | undefined) => paint('cyan', text ?? '') },
        logger: new ListrLogger({ useIcons: true, toStderr: [], processOutput }),
      },
    })
    this.#drawing = list.run()
  }

  /** listr2 draws at its own pace; titles that are set through its own setters would each cause a drawing. */
  #refresh(): void {
    this.#pace.sample(performance.now(), this.#tally.done)
    const width = Math.max(10, this.#output.columns - ICON_COLUMNS)
    const rows = this.#groups.rows(this.#rows.length - 1).map((row) => clip(row, width))
    for (const [index, row] of this.#rows.slice(0, -1).entries()) row.title = rows[index]
    const last = this.#rows.at(-1)
    if (last)
      last.title = [this.#totals(), ...(this.#notice === undefined ? [] : [this.#notice]), ...this.#problems]
        .map((line) => clip(line, width))
        .join('\n')
  }

  #totals(): string {
    // A device that was stopped is not done, however quickly.
    const done = this.#tally.done - this.#tally.counts.cancelled
    const targeted = this.#tally.started?.devices ?? 0
    const share = targeted === 0 ? 1 : done / targeted
    const filled = Math.floor(share * BAR_COLUMNS)
    const left = this.#tally.interrupted ? undefined : this.#pace.left(targeted)
    return [
      title(this.#tally.started),
      `${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)}`,
      `${formatCount(done)} of ${formatCount(targeted)}`,
      ...(this.#pace.perSecond > 0 ? [`${formatCount(Math.ceil(this.#pace.perSecond))}/s`] : []),
      ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
      this.#tally.countsText((_style, text) => text, ['in-sync']),
    ]
      .join('  ')
      .trimEnd()
  }
}
