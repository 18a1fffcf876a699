import { ERROR_AREAS, ERROR_CATALOG, type ErrorArea, type ErrorCode } from './error-catalog.ts'
import { ERROR_CAUSES } from './error-causes.ts'
import { EXIT } from './outcome.ts'
import { SAFETY } from './safety-codes.ts'

/** What there is to know about a code, for people and programs alike. */
export interface ErrorExplanation {
  readonly code: ErrorCode
  readonly area: ErrorArea
  /** What happened. */
  readonly title: string
  /** Why it usually happens. */
  readonly cause: string
  /** What to do about it. */
  readonly advice: string
  /** What the command ends with where nothing worse happened; 2 is that of errors, not of warnings. */
  readonly exit_code: number
}

const EXIT_OF_AREA: Readonly<Record<ErrorArea, number>> = {
  input: EXIT.usage,
  revision: EXIT.held,
  way: EXIT.unreachable,
  step: EXIT.failed,
  safety: EXIT.held,
  run: EXIT.failed,
}

/** Codes that end a run in another way than their neighbours. */
const EXIT_OF_CODE: { readonly [Code in ErrorCode]?: number } = {
  SECRET_UNREADABLE: EXIT.unreachable,
  REVISION_UNREACHABLE: EXIT.unreachable,
  CHECK_UNMET: EXIT.drift,
  ASSERT_FALSE: EXIT.drift,
  LEASE_HELD: EXIT.held,
  LEASE_LOST: EXIT.held,
  WORKER_GONE: EXIT.held,
  WORKER_FAILED: EXIT.held,
  DEVICE_BUSY: EXIT.held,
  RUN_CANCELLED: EXIT.interrupted,
  RUN_LOST: EXIT.interrupted,
  RUN_NOT_KEPT: EXIT.usage,
  RUN_NOTHING_LEFT: EXIT.usage,
  RUN_NOT_PAUSABLE: EXIT.usage,
  RUN_ROLLED_BACK: EXIT.usage,
  RUN_IN_PROGRESS: EXIT.usage,
  RUN_NOT_REVERSIBLE: EXIT.usage,
  SSH_SHORT_WAY_CLOSED: EXIT.ok,
  INTERNAL_BUG: EXIT.bug,
}

/** All codes in the order of the catalogue. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERROR_CATALOG) as ErrorCode[]

/** Whether a text is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, text)
}

/** Everything that the catalogue says about a code. */
export function explainError(code: ErrorCode): ErrorExplanation {
  const area = areaOf(code)
  const { title, advice } = ERROR_CATALOG[code]
  return {
    code,
    area,
    title,
    cause: causeOf(code) ?? `${title}.`,
    advice,
    exit_code: EXIT_OF_CODE[code] ?? EXIT_OF_AREA[area],
  }
}

function causeOf(code: ErrorCode): string | undefined {
  return code in SAFETY ? SAFETY[code as keyof typeof SAFETY].cause : ERROR_CAUSES[code]
}

function areaOf(code: ErrorCode): ErrorArea {
  const areas = Object.keys(ERROR_AREAS) as ErrorArea[]
  return areas.find((area) => Object.hasOwn(ERROR_AREAS[area], code)) ?? 'run'
}
