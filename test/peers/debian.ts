/** What a test needs of Debian. Written as a literal: `scripts/check-packages.mjs` compares it with `.ci/run`. */
export interface Needed {
  /** What is tested with it, for people: `tests with CUPS`. */
  readonly what: string
  /** Packages, with blanks between. */
  readonly debian: string
  readonly isHere: boolean
}

/** Whether what a test needs is here; a missing one is skipped loudly, and in CI an error. */
export function isThere({ what, debian, isHere }: Needed): boolean {
  if (isHere) return true
  if (process.env['CI']) throw new Error(`Missing for ${what}: apt-get install ${debian}`)
  console.warn(`Skipped: ${what}; apt-get install ${debian}`)
  return false
}
