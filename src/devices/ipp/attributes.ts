import type { IppValue } from './codec.ts'

/** The attributes of one group, read by what they should be. What is missing or of another kind is undefined or empty. */
export class Attributes {
  readonly #all: ReadonlyMap<string, readonly IppValue[]>

  constructor(all: ReadonlyMap<string, readonly IppValue[]> = new Map()) {
    this.#all = all
  }

  number(name: string): number | undefined {
    return this.numbers(name)[0]
  }

  numbers(name: string): readonly number[] {
    return this.#values(name).filter((value) => typeof value === 'number')
  }

  boolean(name: string): boolean | undefined {
    return this.#values(name).find((value) => typeof value === 'boolean')
  }

  text(name: string): string | undefined {
    const [text] = this.texts(name)
    return text === '' ? undefined : text
  }

  /** Texts, and octets as text. */
  texts(name: string): readonly string[] {
    return this.#values(name)
      .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value))
      .filter((value) => typeof value === 'string')
  }

  #values(name: string): readonly IppValue['value'][] {
    return (this.#all.get(name) ?? []).map(({ value }) => value)
  }
}
