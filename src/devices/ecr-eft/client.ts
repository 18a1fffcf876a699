import { randomBytes } from 'node:crypto'
import { type Result, success } from '../../core/failure.ts'
import type { Conversation, Line, Turn } from '../line/line.ts'
import type { Asking } from '../printer/protocol.ts'
import { SILENT } from '../printer/unanswered.ts'
import { evidenceOf } from '../printer/visit.ts'
import { ETX } from '../terminal/lrc-frame.ts'
import type { TerminalReading } from '../terminal/reading.ts'
import { terminalMissed, terminalNotReached } from '../terminal/readings.ts'
import { ACKNOWLEDGED, communicationTest, deviceIn, packetsIn } from './codec.ts'

/**
 * Tests the communication with a terminal that speaks ECR-EFT. It tells who it is, and not whether it takes cards: that stays unknown.
 * @returns its reading, whatever it says; a failure only where the line fails for good
 */
export async function readEcrEft(
  line: Line,
  asking: Asking,
  token = randomBytes(3).toString('hex').toUpperCase(),
): Promise<Result<TerminalReading>> {
  const said = await line.converse(turnsOf(asking.budgetMs, token))
  if (!said.ok) return said
  const { value } = said
  return success(value.state === 'open' ? understood(value, asking, token) : terminalNotReached('ecr-eft', value))
}

/** An acknowledgement may stand before the answer, and a zero byte, as the simulator of the protocol's owners sends. */
function turnsOf(budgetMs: number, token: string): readonly Turn[] {
  const timeoutMs = Math.max(1, Math.floor(budgetMs - 200))
  return [
    { send: communicationTest(token), until: { byte: ETX, more: 1 }, timeoutMs },
    { send: ACKNOWLEDGED, until: { bytes: 0 }, timeoutMs: 200, optional: true },
  ]
}

function understood({ replies }: Conversation, { now }: Asking, token: string): TerminalReading {
  const [first] = replies
  const evidence = [evidenceOf('T1, test of communication', first, now)]
  const heard = first?.bytes ?? new Uint8Array()
  if (heard.length === 0) return terminalMissed('ecr-eft', SILENT, evidence)
  const device = deviceIn(heard, token)
  if (!device) {
    const [other] = packetsIn(heard)
    if (!other) return terminalMissed('ecr-eft', 'What it answered is not ECR-EFT.', evidence)
    const detail = `It says ${other.type} in place of T2: it is at something else.`
    return { ...terminalMissed('ecr-eft', detail, evidence), answered: 'yes', busy: true }
  }
  const { vendor, type, id, version } = device
  return {
    protocol: 'ecr-eft',
    answered: 'yes',
    busy: false,
    line: 'open',
    // The protocol has no question for more than this: whether it takes cards stays open.
    ready: 'unknown',
    conditions: [],
    identity: { ...(vendor && { vendor }), ...(type && { model: type }), ...(id && { serial: id }) },
    more: { protocol_version: version },
    detail: 'Its program for tills answers; whether it takes cards the protocol does not tell.',
    evidence,
  }
}
