import type { DeviceState, StepState } from '../core/outcome.ts'

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const
export type Style = keyof typeof CODES

/** Puts SGR codes (ECMA-48) around a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

export function paintFor(color: boolean): Paint {
  if (!color) return (_style, text) => text
  return (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`
}

const STATE_STYLES: Readonly<Record<DeviceState | StepState, Style>> = {
  ok: 'green',
  'in-sync': 'green',
  changed: 'green',
  drifted: 'yellow',
  unknown: 'magenta',
  unreachable: 'magenta',
  unmet: 'red',
  failed: 'red',
  indeterminate: 'red',
  deferred: 'cyan',
  skipped: 'dim',
  cancelled: 'dim',
}

/** The one colour of a state, everywhere; what an older version does not know is plain. */
export function stateStyle(state: string): Style {
  return STATE_STYLES[state as DeviceState] ?? 'bold'
}
