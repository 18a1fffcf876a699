import { randomBytes } from 'node:crypto'

/** Sorts by time; unique without asking anyone. */
export function runId(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  return `${time}-${randomBytes(3).toString('hex')}`
}
