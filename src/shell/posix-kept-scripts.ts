import { quotePosix } from './posix.ts'

/** Shorter ones are not worth it. */
const WORTH_KEEPING = 160

/** The most that one interpreter keeps. */
const MOST = 64

/**
 * Scripts that an interpreter keeps in variables, so that each travels once however many asks run it. A script that is
 * run does not see them.
 */
export class KeptScripts {
  readonly #names = new Map<string, string>()

  /** Statements by which the interpreter keeps those of `scripts` that come more than once. */
  keep(scripts: readonly string[]): string {
    const seen = new Set<string>()
    const statements: string[] = []
    for (const script of scripts) {
      if (!seen.has(script)) seen.add(script)
      else if (!this.#names.has(script) && script.length >= WORTH_KEEPING && this.#names.size < MOST) {
        const name = `till_s${this.#names.size + 1}`
        this.#names.set(script, name)
        statements.push(`${name}=${quotePosix(script)}\n`)
      }
    }
    return statements.join('')
  }

  /** The script as a word. */
  word(script: string): string {
    const name = this.#names.get(script)
    return name === undefined ? quotePosix(script) : `"$${name}"`
  }

  /** Runs a script; through `eval`, so that even its errors of syntax stay in the subshell. */
  call(script: string): string {
    const names = [...this.#names.values()]
    const hide = names.length > 0 ? `unset -v ${names.join(' ')}; ` : ''
    const name = this.#names.get(script)
    return name === undefined ? `${hide}eval ${quotePosix(script)}` : `eval "${hide}$${name}"`
  }
}
