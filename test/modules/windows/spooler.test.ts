import { expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { WindowsWorld } from '../windows-world.ts'

const says = (status: number, jobs: readonly JsonObject[], more: JsonObject = {}) => ({
  'spooler.observe': {
    exists: true,
    running: true,
    queues: [{ name: 'Receipts', status, offline: false, jobs }],
    ...more,
  },
  'spooler.converge': { answer: { exitCode: 0, stdout: '' } },
})
const job = (status: number, seconds: number, id = 7): JsonObject => ({ id, status, seconds })

it('a queue that is normal is stuck by the age of its oldest job', async () => {
  const world = new WindowsWorld(says(0, [job(0, 30, 8), job(0, 700)]))
  expect(await world.differs('spooler', {})).toEqual(['Receipts.jobs: stuck -> moving'])
  expect(await world.differs('spooler', { max_age: '15m' })).toEqual([])
  expect(await world.differs('spooler', { max_age: '15m', max_depth: 1 })).toEqual(['Receipts.depth: 2 -> at most 1'])
})

it('of a job whose time cannot be, nobody knows whether it is stuck', async () => {
  const odd = { id: 7, status: 0, seconds: null }
  const world = new WindowsWorld(says(0, [odd]))
  expect(await world.differs('spooler', { restart: 'if-safe' })).toEqual([
    expect.stringMatching(/^unknown: Since when job 7 of queue "Receipts" waits cannot be told/),
  ])
  expect(await new WindowsWorld(says(0, [{ ...odd, status: 1 }])).differs('spooler', {})).toEqual([])
})

it('bits of the spooler are told in words', async () => {
  const seen = await new WindowsWorld(says(0x400000 | 0x10, [])).observe('spooler', {})
  expect(seen.ok && seen.value.value).toMatchObject({
    queues: [{ state: 'idle', reasons: ['paper-out', 'door-open'] }],
  })
  expect(await new WindowsWorld(says(1, [])).differs('spooler', {})).toEqual(['Receipts.state: stopped -> started'])
  expect(await new WindowsWorld(says(0, [job(1, 9000)])).differs('spooler', {})).toEqual([])
})

it('is restarted for a job that hangs, not while one prints', async () => {
  const stuck = new WindowsWorld(says(0x80, [job(0x10 | 0x20, 700)]))
  expect(await stuck.converge('spooler', { restart: 'if-safe' })).toBe('done')
  expect(stuck.valuesOf('spooler.converge')).toEqual({ printing: 16, halted: 0x663, stuck: '7' })
  const printing = new WindowsWorld(says(0, [job(0, 700), job(0x10, 3, 8)]))
  expect(await printing.converge('spooler', { restart: 'if-safe' })).toBe(
    'CONVERGE_FAILED: The spooler was not restarted: job 8 of queue "Receipts" is printing.',
  )
  expect(await stuck.converge('spooler', { restart: 'if-safe', protected: ['Receipts'] })).toMatch(/is protected/)
})

it('is started where it does not run, and missed where it is not there', async () => {
  const down = new WindowsWorld(says(0, [], { running: false, queues: [] }))
  expect(await down.differs('spooler', { queue: 'Receipts' })).toEqual(['running: false -> true'])
  expect(await down.converge('spooler', { restart: 'if-safe' })).toBe('done')
  const none = new WindowsWorld(says(0, [], { exists: false }))
  expect(await none.differs('spooler', {})).toEqual(['OBSERVE_FAILED: There is no service "Spooler" on the device.'])
})
