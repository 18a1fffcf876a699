import { counted } from '../../../core/counted.ts'
import type { Rule } from '../rule.ts'

/** A repair is about few devices. */
export const size: Rule = {
  name: 'size',
  judge({ rules, question, policy }, { run }) {
    if (rules.devices === undefined || question.purpose === 'rollback') return undefined
    const devices = run.waves.reduce((sum, wave) => sum + wave.size, 0)
    if (devices <= rules.devices) return undefined
    const message = `The run is about ${counted(devices, 'device')}; a ${question.purpose} is about ${rules.devices} at most.`
    return { kind: 'refuse', code: 'RUN_TOO_LARGE', message, by: `policy ${policy.policy.name}` }
  },
}
