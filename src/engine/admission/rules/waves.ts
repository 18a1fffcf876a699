import { counted } from '../../../core/counted.ts'
import { failuresOf, judgeWave, type WaveJudgement } from '../judge-wave.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownTime } from '../shown-time.ts'

/** A wave begins when those before it have passed, and no more of it are begun than may fail. */
export const waves: Rule = {
  name: 'waves',
  judge(asked, situation) {
    const { rules, question } = asked
    const { wave } = question
    if (rules.waves === undefined || wave === undefined || question.purpose === 'rollback') return undefined
    for (let index = 0; index < wave; index += 1) {
      const found = earlier(asked, situation, index)
      if (found) return found
    }
    return own(asked, situation, wave)
  },
}

function judgement({ rules }: Asked, { run, now }: Situation, index: number): WaveJudgement {
  const tally = run.waves[index]
  if (rules.waves === undefined || tally === undefined) return { state: 'running' }
  const isLast = index === run.waves.length - 1
  return judgeWave(tally, rules.waves, { index, isLast, now, isOnTerminal: run.isOnTerminal })
}

function earlier(asked: Asked, situation: Situation, index: number): Objection | undefined {
  const found = judgement(asked, situation, index)
  const by = `wave ${index + 1}`
  switch (found.state) {
    case 'passed':
      return undefined
    case 'stopped':
      return stopped(found, by)
    case 'running':
      return {
        kind: 'wait',
        code: 'WAVE_WAITING',
        message: `Wave ${index + 1} is not done.`,
        by,
        awaitsLooks: true,
        isForAll: true,
      }
    case 'soaking': {
      const zone = asked.policy.world.stores.get(asked.device.store)?.time_zone ?? 'UTC'
      const message = `Wave ${index + 1} is watched until ${shownTime(found.until, zone)}.`
      return { kind: 'wait', code: 'WAVE_WAITING', message, by, until: found.until, isForAll: true }
    }
    case 'unreleased': {
      const why = found.why === 'pause' ? 'The policy has a pause behind it.' : 'No device of it was proven to work.'
      return { kind: 'wait', code: 'WAVE_UNRELEASED', message: `Wave ${index + 1} is done. ${why}`, by, isForAll: true }
    }
  }
}

function stopped(found: Extract<WaveJudgement, { state: 'stopped' }>, by: string): Objection {
  const message = `${counted(found.failed, 'device')} of ${by} failed; it stops at ${found.limit}.`
  return { kind: 'refuse', code: 'WAVE_STOPPED', message, by }
}

/** What is in flight counts before it starts, so that never more fail than may; also when a device is tried again. */
function own(asked: Asked, situation: Situation, index: number): Objection | undefined {
  const tally = situation.run.waves[index]
  if (asked.rules.waves === undefined || tally === undefined) return undefined
  const { failed, limit } = failuresOf(tally, asked.rules.waves)
  const by = `wave ${index + 1}`
  if (failed >= limit) return stopped({ state: 'stopped', failed, limit }, by)
  const inFlight = situation.ledger.inProgress(asked.question.run, index) + (asked.isPlaced ? 0 : 1)
  if (failed + inFlight <= limit) return undefined
  const message = `${counted(inFlight - 1, 'device is', 'devices are')} in flight, and no more than ${limit - failed} of ${by} may still fail.`
  return { kind: 'wait', code: 'WAVE_WAITING', message, by, isPassing: true, isForAll: true }
}
