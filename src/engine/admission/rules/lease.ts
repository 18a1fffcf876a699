import type { Rule } from '../rule.ts'

/** One run a device at a time. */
export const lease: Rule = {
  name: 'lease',
  judge({ question }, { ledger }) {
    const place = ledger.place(question.device)
    if (place === undefined || place.run === question.run || place.phase === 'out') return undefined
    const message = `Run "${place.run}" is working on the device.`
    return { kind: 'wait', code: 'LEASE_HELD', message, by: `run ${place.run}`, whom: place.run, isPassing: true }
  },
}
