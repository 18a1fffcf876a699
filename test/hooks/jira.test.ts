import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Channel, MessageKind } from '../../src/core/escalation.ts'
import type { MessageResult } from '../../src/core/escalation-store.ts'
import { jiraSender } from '../../src/hooks/channels/jira.ts'
import { Jira, type Mishap } from '../peers/jira.ts'

const seed = Number(process.env['TILL_TEST_SEED'] ?? Date.now() % 1_000_000)
const INDEX_MS = 60
const jira = new Jira()
let url = ''

beforeAll(async () => {
  url = await jira.start()
  jira.indexMs = INDEX_MS / 2
})
afterAll(() => jira.stop())

function channel(more: Partial<Extract<Channel, { kind: 'jira' }>> = {}): Extract<Channel, { kind: 'jira' }> {
  const of = {
    name: 'tickets',
    kind: 'jira',
    url,
    flavour: 'cloud',
    token: '',
    project: 'TILL',
    issueType: 'Incident',
  } as const
  return {
    ...of,
    components: ['Tills'],
    priority: 'High',
    closeBy: 'Done',
    resolution: 'Fixed',
    indexMs: INDEX_MS,
    ...more,
  }
}

/** Sends a message until it is through, as the outbox does: what is in doubt stays so. */
async function send(message: string, kind: MessageKind, ticket: string | null, of = channel()): Promise<MessageResult> {
  const sender = jiraSender(of, 'token')
  let doubtSince: string | null = null
  for (let attempt = 0; attempt < 200; attempt++) {
    const said = { subject: 'Drawer: PL-0001/pos1', text: 'Seen: x\n\nTried: y', to: '', incidents: ['I1'] }
    const result = await sender.send({ ...said, message, kind, ticket, doubtSince })
    if (result.ok || result.isFinal) return result
    if (result.inDoubt && !result.isPostponed) doubtSince = new Date().toISOString()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${message} did not get through`)
}

const mishaps = fc.array(fc.constantFrom<Mishap>('none', 'before', 'after', '502', '429', '503', 'garbage'), {
  maxLength: 8,
})

test(`whatever answers are lost on the way, there is one issue, one comment, and it is moved (seed ${seed})`, async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(mishaps, fc.constantFrom<'cloud' | 'server'>('cloud', 'server'), async (all, flavour) => {
      const message = `M${seed}-${++count}`
      const left = [...all]
      jira.mishap = () => left.shift() ?? 'none'
      const before = jira.issues.length
      const of = channel({ flavour })
      const made = await send(message, 'call', null, of)
      expect(made).toMatchObject({ ok: true, reference: `TILL-${before + 1}` })
      expect(jira.issues.length).toBe(before + 1)
      left.push(...all)
      const ticket = made.ok ? made.reference : null
      await send(`${message}c`, 'closed', ticket, of)
      left.push(...all)
      await send(`${message}t`, 'transition', ticket, of)
      const [issue] = jira.issues.slice(-1)
      expect(issue?.comments).toHaveLength(1)
      expect(issue?.status).toBe('done')
    }),
    { seed, numRuns: 25 },
  )
  jira.mishap = () => 'none'
}, 60_000)

describe('without mishaps', () => {
  test('an issue has what its channel says, and nothing is searched for', async () => {
    jira.requests.length = 0
    await send('Mplain', 'call', null)
    expect(jira.requests).toEqual(['POST issue'])
    expect(jira.issues.at(-1)?.fields).toMatchObject({
      project: { key: 'TILL' },
      issuetype: { name: 'Incident' },
      priority: { name: 'High' },
      components: [{ name: 'Tills' }],
      labels: [expect.stringMatching(/^till-[0-9a-f]{20}$/)],
      description: { type: 'doc', version: 1 },
    })
    expect(jira.issues.at(-1)?.properties).toEqual([
      { key: 'till.incident', value: { incident: 'I1', message: 'Mplain' } },
    ])
  })

  test('what Jira refuses is not tried again, and its words are told', async () => {
    const made = await send('Mopen', 'call', null)
    const ticket = made.ok ? made.reference : null
    expect(await send('Mx', 'transition', ticket, channel({ closeBy: 'Finish' }))).toMatchObject({
      isFinal: true,
      why: `Jira: ${ticket} has no transition "Finish" (it has Done).`,
    })
    const plain = channel({ flavour: 'server', url: `${url}/rest/api/3/x` })
    expect(await send('My', 'call', null, plain)).toMatchObject({
      isFinal: true,
      why: expect.stringContaining('answers 404'),
    })
  })

  test('a comment waits for its issue', async () => {
    const of = {
      subject: '',
      text: '',
      to: '',
      incidents: [],
      doubtSince: null,
      ticket: null,
      message: 'M',
      kind: 'closed',
    } as const
    expect(await jiraSender(channel(), 't').send(of)).toMatchObject({ ok: false, isPostponed: true, inDoubt: false })
  })
})
