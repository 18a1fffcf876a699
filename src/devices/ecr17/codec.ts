import type { TerminalCondition } from '../terminal/reading.ts'

/*
 * Protocol 17 (ECR17) by Nexi's developer portal, "Communication protocol" and "Terminal status": `STX message ETX LRC`, where
 * the LRC is the exclusive or of 7F and all bytes behind STX, ETX among them.
 */

const STX = 0x02
export const ETX = 0x03
export const ACK = 0x06
const BASE = 0x7f
/** Any terminal: one that checks identifiers takes this one, too. */
const ANY_TERMINAL = '00000000'

/** `06 03 7A`: behind each message, and what a terminal sends before its answer. */
export const ACKNOWLEDGED: Uint8Array = Uint8Array.of(ACK, ETX, ACK ^ ETX ^ BASE)

/**
 * Terminal status, the only message that is ever sent: "terminal identifier, 0, s".
 * @param terminalId eight digits
 */
export function statusRequest(terminalId: string = ANY_TERMINAL): Uint8Array {
  return frame(`${terminalId}0s`)
}

/** A message between STX and its LRC. */
export function frame(message: string): Uint8Array {
  const body = [...Buffer.from(message, 'latin1'), ETX]
  return Uint8Array.of(
    STX,
    ...body,
    body.reduce((lrc, byte) => lrc ^ byte, BASE),
  )
}

export interface Ecr17State {
  readonly terminalId: string
  readonly status: string
  /** `2026-05-04T10:00`, by the terminal's own clock. */
  readonly clock?: string
  readonly software: string
}

/** The first message in what came that answers the question; undefined where no check sum or form fits. */
export function stateIn(bytes: Uint8Array): Ecr17State | undefined {
  // A check sum may have the value of STX, too.
  for (let at = bytes.indexOf(STX); at >= 0; at = bytes.indexOf(STX, at + 1)) {
    const end = bytes.indexOf(ETX, at)
    const lrc = bytes.subarray(at + 1, end + 1).reduce((sum, byte) => sum ^ byte, BASE)
    const state = end >= 0 && bytes[end + 1] === lrc ? stateOf(bytes.subarray(at + 1, end)) : undefined
    if (state) return state
  }
  return undefined
}

function stateOf(message: Uint8Array): Ecr17State | undefined {
  const text = Buffer.from(message).toString('latin1')
  const [, terminalId, clock = '', status, software = ''] = /^(\d{8})0s.{10}(\d{10})(.)(.*)$/s.exec(text) ?? []
  if (terminalId === undefined || status === undefined) return undefined
  const [, day, month, year, hour, minute] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(clock) ?? []
  const isDate = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1
  return {
    terminalId,
    status,
    ...(isDate && { clock: `20${year}-${month}-${day}T${hour}:${minute}` }),
    software: software.trim(),
  }
}

/** By Nexi's table, "depends on the manufacturer, for example"; DLL is the download of its parameters. */
const STATES: Readonly<Record<string, TerminalCondition['name'] | undefined>> = {
  0: 'not-configured',
  1: 'initialisation-required',
  3: 'initialisation-required',
  4: 'keys-missing',
  5: 'update-pending',
  6: 'update-pending',
}
const WORDS: Readonly<Record<string, string>> = {
  0: 'terminal not configured',
  1: 'configured, without its parameters (DLL)',
  3: 'not aligned: first DLL requested',
  4: 'key corrupted: first DLL requested',
  5: 'a DLL that its manager asks for is pending',
  6: 'an update of its software is pending',
}
const OPERATIVE = '2'

/** Nothing where it is operative; what no table has leaves open whether it takes cards. */
export function conditionsOf({ status }: Ecr17State): readonly TerminalCondition[] {
  if (status === OPERATIVE) return []
  const words = WORDS[status] ?? 'a state that is in no table of ours'
  return [{ name: STATES[status] ?? 'other-error', evidence: `terminal status ${status}: ${words}` }]
}
