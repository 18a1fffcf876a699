import { expect, test } from 'vitest'
import { HOUR_MS } from '../core/duration.ts'
import { NO_LONGER_NEEDED } from '../core/escalation.ts'
import type { ClaimedBatch, MessageResult } from '../core/escalation-store.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import { killed, type StoreBench } from './store-bench.ts'

const ALWAYS = ['00:00-24:00']
const week = { mon: ALWAYS, tue: ALWAYS, wed: ALWAYS, thu: ALWAYS, fri: ALWAYS, sat: ALWAYS, sun: ALWAYS }
const TERMS = {
  contract: null,
  trading: { hours: { week, exceptions: {} }, time_zone: 'UTC' },
  limits_ms: { reaction: HOUR_MS, diagnosis: HOUR_MS, fix: HOUR_MS },
}
const GATHER_MS = 5_000
const [SENT, LATER, LOST, NEEDLESS]: readonly MessageResult[] = [
  { ok: true, reference: 'call 7' },
  { ok: false, why: 'busy', inDoubt: false, isFinal: false },
  { ok: false, why: 'no answer', inDoubt: true, isFinal: false },
  { ok: false, why: NO_LONGER_NEEDED, inDoubt: false, isFinal: true },
] as const

/** What the outbox of incidents of every store promises. */
export function testMessages(bench: () => StoreBench): void {
  test('takes messages to one contact about one store as one; those of other stores and contacts by themselves', async () => {
    const incidents = await bench().incidents()
    const ids = [await opened(incidents, 'PL-1'), await opened(incidents, 'PL-2'), await opened(incidents, 'PL-1')]
    const nowhere = [await opened(incidents, null), await opened(incidents, null)]
    for (const id of [...ids, ...nowhere]) await call(incidents, id, 'shop', 'desk')
    // They are gathered first: nothing is due yet.
    expect(await claimed(incidents, new Date())).toEqual([])
    const told = (await claimed(incidents)).map((batch) => membersOf(batch))
    const alone = [ids[1], ...nowhere]
    const together = [ids[0], ids[2]].sort().join()
    expect(told.map(({ to, of }) => `${to} ${[...of].sort().join()}`).sort()).toEqual(
      ['shop', 'desk'].flatMap((to) => [together, ...alone].map((of) => `${to} ${of}`)).sort(),
    )
    expect(await claimed(incidents)).toEqual([])
  })

  test('what a killed process was sending as one goes again as the same, and what came meanwhile by itself', async () => {
    const incidents = await bench().incidents()
    const ids = [await opened(incidents, 'PL-1'), await opened(incidents, 'PL-1')]
    for (const id of ids) await call(incidents, id, 'shop')
    const other = bench().other('claim', bench().openIncidents, String(GATHER_MS))
    const { value: name } = await other.lines.next()
    expect(await claimed(incidents)).toEqual([])
    const late = await opened(incidents, 'PL-1')
    await call(incidents, late, 'shop')
    await killed(other)
    const again = await claimed(incidents)
    const shown = again.map((batch) => [
      batch.name,
      membersOf(batch).of,
      batch.messages.map((each) => each.doubtSince !== null),
    ])
    expect(shown).toEqual([
      [name, expect.arrayContaining(ids), [true, true]],
      [expect.not.stringMatching(name), [late], [false]],
    ])
    expect(membersOf(again[0] as ClaimedBatch).of).toHaveLength(2)
  })

  testAttempts(bench)
}

function testAttempts(bench: () => StoreBench): void {
  test('what did not arrive goes with what came meanwhile; what may have arrived goes with the same', async () => {
    const incidents = await bench().incidents()
    const ids = [await opened(incidents, 'PL-1'), await opened(incidents, 'PL-1')]
    for (const id of ids) await call(incidents, id, 'shop')
    await noted(incidents, (await claimed(incidents))[0], LATER)
    ids.push(await opened(incidents, 'PL-1'))
    await call(incidents, ids[2] ?? '', 'shop')
    const [three] = await claimed(incidents)
    expect([...(three ? membersOf(three).of : [])].sort()).toEqual([...ids].sort())
    await noted(incidents, three, LOST)
    const late = await opened(incidents, 'PL-1')
    await call(incidents, late, 'shop')
    const after = await claimed(incidents, new Date(Date.now() + HOUR_MS))
    expect(after.map((batch) => [batch.name === three?.name, membersOf(batch).of.length])).toEqual(
      expect.arrayContaining([
        [true, 3],
        [false, 1],
      ]),
    )
  })

  test('that one was heard counts for all that it told of, and for nothing else', async () => {
    const incidents = await bench().incidents()
    const ids = [await opened(incidents, 'PL-1'), await opened(incidents, 'PL-1'), await opened(incidents, 'PL-1')]
    for (const id of ids) await call(incidents, id, 'shop')
    const [batch] = await claimed(incidents)
    const over = batch?.messages.find(({ incident }) => incident.incident === ids[2])?.message.message
    await noted(incidents, batch, SENT, (message) => (message === over ? NEEDLESS : SENT))
    const of = { heard: true, by: 'Ann', now: new Date() }
    const name = batch?.name ?? ''
    const { escalations } = incidents
    expect(await escalations.acknowledge(name, { ...of, channels: ['other'] })).toBe(false)
    expect(await escalations.acknowledge(name, { ...of, heard: false, channels: ['voice'] })).toBe(true)
    const again = await claimed(incidents)
    expect(again.map((each) => [each.name, membersOf(each).of.length])).toEqual([[name, 2]])
    await noted(incidents, again[0], SENT)
    expect(await escalations.acknowledge(name, { ...of, channels: ['voice'] })).toBe(true)
    const owners = await Promise.all(ids.map(async (id) => (await incidents.incident(id))?.owner ?? null))
    expect(owners).toEqual(['Ann', 'Ann', null])
    const states = await Promise.all(ids.map(async (id) => (await escalations.messages(id)).map(({ state }) => state)))
    expect(states).toEqual([['acknowledged'], ['acknowledged'], ['given-up']])
    expect(await claimed(incidents, new Date(Date.now() + HOUR_MS))).toEqual([])
  })
}

let incidentsMade = 0

async function opened(incidents: IncidentStore, store: string | null): Promise<string> {
  const key = `k${++incidentsMade}`
  const nobody = { vendor: '', team: null, partner: null, why: '', by: 'test' }
  const what = { origin: 'hand', fault: 'drawer', severity: '', title: key, device: null, region: null } as const
  const opening = { ...nobody, ...what, key, store, terms: TERMS, steps: [] }
  return (await incidents.open(opening, new Date())).incident.incident
}

async function call(incidents: IncidentStore, id: string, ...contacts: readonly string[]): Promise<void> {
  const messages = contacts.map((contact) => {
    return { key: contact, kind: 'call', contact, channel: 'voice', gatherMs: GATHER_MS } as const
  })
  await incidents.escalations.advance(id, () => ({ bodies: [], messages, due: null }))
}

/** What is there to be sent when all has been gathered. */
const underWay = new Set<string>()
async function claimed(incidents: IncidentStore, at = new Date(Date.now() + 2 * GATHER_MS)) {
  const batches = await incidents.escalations.claim(at, { limit: 20, underWay, gatherMs: () => GATHER_MS })
  for (const { messages } of batches) for (const { message } of messages) underWay.add(message.message)
  return batches
}

function membersOf({ messages }: ClaimedBatch): { readonly to: string; readonly of: readonly string[] } {
  return { to: messages[0]?.message.contact ?? '', of: messages.map(({ incident }) => incident.incident) }
}

async function noted(
  incidents: IncidentStore,
  batch: ClaimedBatch | undefined,
  result: MessageResult | undefined,
  of: (message: string) => MessageResult | undefined = () => result,
): Promise<void> {
  const acknowledged = { withinMs: 1 }
  const attempted = (batch?.messages ?? []).flatMap(({ message: { message } }) => {
    const came = of(message)
    return came ? [{ message, result: came, acknowledged }] : []
  })
  await incidents.escalations.record(attempted, { now: new Date(), attempts: 10 })
}
