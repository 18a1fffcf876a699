/** Tasks of the driver's JSON interface that only read: they print nothing and cancel nothing. */
export const READ_TASKS = Object.freeze([
  'getDeviceInfo',
  'getDeviceStatus',
  'getShiftStatus',
  'ofdExchangeStatus',
  'getFnStatus',
  'getFnInfo',
  'getRegistrationInfo',
] as const)
export type ReadTask = (typeof READ_TASKS)[number]

/** What tells whether it sells; the rest is for memories and dates. */
export const STATE_TASKS: readonly ReadTask[] = Object.freeze([
  'getDeviceInfo',
  'getDeviceStatus',
  'getShiftStatus',
  'ofdExchangeStatus',
  'getFnInfo',
])

/**
 * The body of a request with these tasks. Throws for any other: `reportOfdExchangeStatus`, which sounds alike, cancels
 * the open receipt and prints.
 */
export function encodeTasks(uuid: string, tasks: readonly ReadTask[]): string {
  for (const task of tasks) {
    if (!READ_TASKS.includes(task)) throw new Error(`The task "${task}" is not on the list of what may be asked.`)
  }
  if (!/^[0-9a-f-]{36}$/.test(uuid)) throw new Error(`"${uuid}" is no number of a request.`)
  return JSON.stringify({ uuid, request: tasks.map((type) => ({ type })) })
}
