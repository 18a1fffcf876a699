import type { Rule } from '../rule.ts'

/** Somebody has paused or aborted the run. What brings a device back goes on, and so does what a pause finds half changed. */
export const runState: Rule = {
  name: 'run-state',
  judge({ isMending, question }, { run }) {
    if (isMending) return undefined
    if (run.aborted) {
      const { by, why } = run.aborted
      return {
        kind: 'refuse',
        code: 'RUN_ABORTED',
        message: `${by} has aborted the run: ${why}`,
        by: 'abort',
        whom: by,
      }
    }
    if (!run.paused || question.isTouched) return undefined
    const { by, why } = run.paused
    return { kind: 'wait', code: 'RUN_PAUSED', message: `${by} has paused the run: ${why}`, by: 'pause', whom: by }
  },
}
