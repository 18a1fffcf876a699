import { type Result, success } from '../../core/failure.ts'
import type { Conversation, Line, Turn } from '../line/line.ts'
import type { Asking } from '../printer/protocol.ts'
import { SILENT } from '../printer/unanswered.ts'
import { evidenceOf } from '../printer/visit.ts'
import { ACK, ETX } from '../terminal/lrc-frame.ts'
import type { TerminalReading } from '../terminal/reading.ts'
import { terminalMissed, terminalNotReached, terminalReady } from '../terminal/readings.ts'
import { ACKNOWLEDGED, conditionsOf, stateIn, statusRequest } from './codec.ts'

const NAK = 0x15

/**
 * Asks a terminal that speaks Protocol 17 for its state.
 * @param terminalId eight digits; without it, any terminal answers
 * @returns its reading, whatever it says; a failure only where the line fails for good
 */
export async function readEcr17(
  line: Line,
  asking: Asking,
  terminalId: string | undefined,
): Promise<Result<TerminalReading>> {
  const said = await line.converse(turnsOf(asking.budgetMs, terminalId))
  if (!said.ok) return said
  return success(said.value.state === 'open' ? understood(said.value, asking) : terminalNotReached('ecr17', said.value))
}

function turnsOf(budgetMs: number, terminalId: string | undefined): readonly Turn[] {
  const timeoutMs = Math.max(1, Math.floor(budgetMs / 2))
  return [
    { send: statusRequest(terminalId), until: { bytes: 3 }, timeoutMs, goOnAt: [ACK] },
    { send: new Uint8Array(), until: { byte: ETX, more: 1 }, timeoutMs },
    { send: ACKNOWLEDGED, until: { bytes: 0 }, timeoutMs, optional: true },
  ]
}

function understood({ replies, detail }: Conversation, { now }: Asking): TerminalReading {
  const asked = ['terminal status (s)', 'its answer']
  const evidence = replies.slice(0, 2).map((reply, at) => evidenceOf(asked[at] ?? '', reply, now))
  const [first, second] = replies.map(({ bytes }) => bytes)
  if ((first?.length ?? 0) === 0) return terminalMissed('ecr17', SILENT, evidence)
  const state = stateIn(second ?? new Uint8Array())
  if (!state) {
    if (first?.[0] === NAK)
      return terminalMissed(
        'ecr17',
        'It refuses the question (NAK): its terminal identifier is another, or its check sum.',
        evidence,
      )
    if (first?.[0] !== ACK) return terminalMissed('ecr17', 'What it answered is not Protocol 17.', evidence)
    // By the vendor's word: without its parameters for a till the command has no response.
    const words = `It took the question and did not answer it: it may not be set up for a till${detail === '' ? '' : ` (${detail})`}.`
    return terminalMissed('ecr17', words, evidence)
  }
  const conditions = conditionsOf(state)
  const isSure = !conditions.some(({ name }) => name === 'other-error')
  return {
    protocol: 'ecr17',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: terminalReady(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    identity: { serial: state.terminalId, ...(state.software !== '' && { firmware: state.software }) },
    more: { terminal_status: state.status, ...(state.clock !== undefined && { clock: state.clock }) },
    evidence,
  }
}
