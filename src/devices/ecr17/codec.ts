import { ACK, ETX, lrcFrame, lrcMessages } from '../terminal/lrc-frame.ts'
import type { TerminalCondition } from '../terminal/reading.ts'

/*
 * Protocol 17 (ECR17) by Nexi's developer portal, "Communication protocol" and "Terminal status": `STX message ETX LRC`, where
 * the LRC is the exclusive or of 7F and all bytes behind STX, ETX among them.
 */

const LRC_SEED = 0x7f
/** Any terminal: one that checks identifiers takes this one, too. */
const ANY_TERMINAL = '00000000'

/** `06 03 7A`: behind each message, and what a terminal sends before its answer. */
export const ACKNOWLEDGED: Uint8Array = Uint8Array.of(ACK, ETX, ACK ^ ETX ^ LRC_SEED)

/**
 * Terminal status, the only message that is ever sent: "terminal identifier, 0, s".
 * @param terminalId eight digits
 */
export function statusRequest(terminalId: string = ANY_TERMINAL): Uint8Array {
  return lrcFrame(`${terminalId}0s`, LRC_SEED)
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
  for (const message of lrcMessages(bytes, LRC_SEED)) {
    const state = stateOf(message)
    if (state) return state
  }
  return undefined
}

function stateOf(message: string): Ecr17State | undefined {
  const [, terminalId, clock = '', status, software = ''] = /^(\d{8})0s.{10}(\d{10})(.)(.*)$/s.exec(message) ?? []
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
