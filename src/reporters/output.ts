/** Where a reporter writes. */
export interface Output {
  /** Resolves when more may be written: a slow reader slows the run instead of filling the memory. */
  write(text: string): Promise<void> | void
  readonly isTerminal: boolean
  /** Asked again for every line, so that it may follow a window that is resized. */
  readonly columns: number
  /** Lines of the terminal. Default: 24. */
  readonly rows?: number
  /** Colours are wanted: a terminal, and no NO_COLOR. */
  readonly color: boolean
}
