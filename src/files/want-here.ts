import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Failure, Phase } from '../core/failure.ts'

/** Errors of the system that tell of a want of this machine, and nothing of whom it had wanted to reach (errno(3)). */
const WANTS: Readonly<Record<string, string>> = {
  EMFILE: 'this process has as many files open as it may (EMFILE)',
  ENFILE: 'this machine has as many files open as it can (ENFILE)',
  ENOMEM: 'this machine has no memory left (ENOMEM)',
  ENOBUFS: 'this machine has no room left for connections (ENOBUFS)',
  EAGAIN: 'this machine may start no more programs (EAGAIN)',
}

/** The same in the words of programs in the C locale (strerror(3)). */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/Too many open files in system/, 'ENFILE'],
  [/Too many open files/, 'EMFILE'],
  [/Cannot allocate memory/, 'ENOMEM'],
  [/No buffer space available/, 'ENOBUFS'],
  [/(fork|clone).*Resource temporarily unavailable/, 'EAGAIN'],
]

/** What this machine had too little of, as a part of a sentence; undefined where an error tells of something else. Of several, any counts. */
export function wantHere(error: unknown): string | undefined {
  if (error instanceof AggregateError) return error.errors.map(wantHere).find((want) => want !== undefined)
  if (!(error instanceof Error)) return undefined
  if (/^(Range|Runtime)Error$/.test(error.name) && /out of memory|allocation failed/i.test(error.message))
    return WANTS['ENOMEM']
  return 'code' in error ? WANTS[String(error.code)] : undefined
}

/** As `wantHere`, of what a program of this machine has said. */
export function wantInWords(text: string): string | undefined {
  const [, code] = WORDS.find(([pattern]) => pattern.test(text)) ?? []
  return code === undefined ? undefined : WANTS[code]
}

/** A look-up needs a few at once; others may let go of some between its end and this question. */
const FILES_OF_A_LOOK_UP = 4

/**
 * Why a look-up that failed tells nothing, as an error that `wantHere` knows; undefined: it tells what it says. The C library and c-ares
 * say "no such name" and "no server" where they could open no file for asking.
 */
export function filesWanting(): Error | undefined {
  const opened: number[] = []
  try {
    for (let n = 0; n < FILES_OF_A_LOOK_UP; n += 1) opened.push(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    for (const file of opened) closeSync(file)
  }
}

/** The end of a device that this machine had too little for. `where`: whom it had wanted to reach, as a person knows it. */
export function exhausted(phase: Phase, { where, want }: { readonly where: string; readonly want: string }): Failure {
  const message = `${where} could not be asked: ${want}. That says nothing about the device.`
  return { code: 'CONTROLLER_EXHAUSTED', phase, message }
}
