import { afterEach, expect, it, vi } from 'vitest'
import { leaseAdmission } from '../../src/engine/admission/admission.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('goes on when a lease can neither be renewed nor given back for a while', async () => {
  vi.useFakeTimers()
  let asked = 0
  const admission = leaseAdmission(
    {
      acquireLease: async () => {
        asked += 1
        if (asked > 1) throw new Error('the disk is full')
        return { granted: true }
      },
      releaseLease: async () => Promise.reject(new Error('the disk is full')),
    },
    'r1',
  )
  const admitted = await admission.admit('PL-0001/pos1')
  // A rejection that nobody takes would end the process.
  await vi.advanceTimersByTimeAsync(65_000)
  expect(asked).toBe(3)
  if (admitted.granted) await admitted.permit.release()
  await vi.advanceTimersByTimeAsync(65_000)
  expect(asked).toBe(3)
  admission.close()
})
