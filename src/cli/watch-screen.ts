import { emitKeypressEvents, type Key } from 'node:readline'
import type { WatchKey } from '../app/watch/watch-frame.ts'

/** The screen of its own that terminals have besides the one with the history (xterm, ctlseqs), without a cursor. */
const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l']
const [HOME, CLEAR_LINE, CLEAR_BELOW] = ['\u001b[H', '\u001b[K', '\u001b[J']

const KEYS: Readonly<Record<string, WatchKey>> = {
  up: 'up',
  down: 'down',
  pageup: 'page-up',
  pagedown: 'page-down',
  home: 'home',
  end: 'end',
  escape: 'escape',
  return: 'enter',
  enter: 'enter',
  backspace: 'erase',
}

/** Letters that are commands as long as no filter is typed. */
const LETTERS: Readonly<Record<string, WatchKey>> = {
  q: 'quit',
  '/': 'filter',
  k: 'up',
  j: 'down',
  g: 'home',
  G: 'end',
}

/** A terminal that is drawn on as a whole, and put back as it was. */
export class WatchScreen {
  readonly #out = process.stdout
  readonly #onKey: (key: WatchKey | { readonly typed: string }) => void
  readonly #onResize: () => void
  readonly #isTyping: () => boolean

  constructor(of: {
    readonly onKey: (key: WatchKey | { readonly typed: string }) => void
    readonly onResize: () => void
    readonly isTyping: () => boolean
  }) {
    this.#onKey = of.onKey
    this.#onResize = of.onResize
    this.#isTyping = of.isTyping
  }

  get columns(): number {
    return this.#out.columns || 80
  }

  get rows(): number {
    return this.#out.rows || 24
  }

  open(): void {
    this.#out.write(ENTER)
    this.#out.on('resize', this.#onResize)
    emitKeypressEvents(process.stdin)
    process.stdin.setRawMode(true)
    process.stdin.on('keypress', this.#pressed)
    process.stdin.resume()
  }

  close(): void {
    process.stdin.off('keypress', this.#pressed)
    process.stdin.setRawMode(false)
    process.stdin.pause()
    this.#out.off('resize', this.#onResize)
    this.#out.write(LEAVE)
  }

  draw(lines: readonly string[]): void {
    this.#out.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`)
  }

  readonly #pressed = (text: string | undefined, key: Key): void => {
    const isEnd = key.ctrl && (key.name === 'c' || key.name === 'd')
    const named = isEnd ? 'quit' : KEYS[key.name ?? '']
    const letter = text === undefined || this.#isTyping() ? undefined : LETTERS[text]
    if (named ?? letter) this.#onKey((named ?? letter) as WatchKey)
    else if (text !== undefined && !key.ctrl && !key.meta && /^[\P{Cc}]$/u.test(text)) this.#onKey({ typed: text })
  }
}
