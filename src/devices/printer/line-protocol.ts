import { success } from '../../core/failure.ts'
import type { Conversation, Turn } from '../line/line.ts'
import type { Asking, LineProtocol } from './protocol.ts'
import type { PrinterReading } from './reading.ts'
import { notReached } from './unanswered.ts'

/** A protocol whose questions all fit into one conversation. */
export function inOneVisit(
  name: string,
  dependencies: {
    readonly turns: (budgetMs: number) => readonly Turn[]
    /** What an open line said. */
    readonly understood: (said: Conversation, asking: Asking) => PrinterReading
  },
): LineProtocol {
  return Object.freeze<LineProtocol>({
    name,
    async read(line, asking) {
      const said = await line.converse(dependencies.turns(asking.budgetMs))
      if (!said.ok) return said
      const { value } = said
      if (value.state !== 'open') return success(notReached(name, value))
      const reading = dependencies.understood(value, asking)
      return success(value.ranOut && reading.answered === 'no' ? tooSlow(reading) : reading)
    },
  })
}

/** It answered, and the time was up before it had said enough: slow is not sick. */
function tooSlow(reading: PrinterReading): PrinterReading {
  return { ...reading, answered: 'unknown', detail: 'It answers too slowly: the time for the whole visit was up.' }
}

/** What is asked and answered over several conversations. */
export interface Rounds {
  isWorthAsking(): boolean
  /** What has no answer yet. */
  turns(): readonly Turn[]
  take(said: Conversation): void
  reading(): PrinterReading
}

/** A protocol that asks again for what was lost, so many times in all. */
export function inRounds(name: string, most: number, begin: (asking: Asking) => Rounds): LineProtocol {
  return Object.freeze<LineProtocol>({
    name,
    async read(line, asking) {
      const visit = begin(asking)
      for (let round = 0; round < most && visit.isWorthAsking(); round += 1) {
        const said = await line.converse(visit.turns())
        if (!said.ok) return said
        if (said.value.state !== 'open') {
          if (round === 0) return success(notReached(name, said.value))
          break
        }
        visit.take(said.value)
      }
      return success(visit.reading())
    },
  })
}
