import { afterAll, beforeAll, expect, test } from 'vitest'
import { NORTH, SECRETS, ServedProject, SOUTH } from './served-project.ts'
import { Visitor } from './visitor.ts'

let served: ServedProject
/** Sees the stores with the tag "mine". */
let partner: Visitor

beforeAll(async () => {
  served = new ServedProject(`server:
  accounts:
    viktor: {role: viewer, token: "env:T_ALL"}
    partner: {role: viewer, token: "env:T_NORTH", devices: "'mine' in store.tags"}
`)
  tagged(NORTH)
  await served.serve()
  partner = new Visitor(served.url, SECRETS.T_NORTH)
})
afterAll(() => served?.remove())

function tagged(store: string): void {
  const fleet = served.read('inventory/fleet.yaml').replace(/ {4}tags: \[mine\]\n/g, '')
  served.write('inventory/fleet.yaml', fleet.replace(`  ${store}:\n`, `  ${store}:\n    tags: [mine]\n`))
}

/** What a stream has told so far. */
async function listening(token: string, signal: AbortSignal): Promise<{ readonly answer: Response; told: string }> {
  const answer = await fetch(`${served.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` }, signal })
  const stream = { answer, told: '' }
  const read = async (): Promise<void> => {
    for await (const part of answer.body ?? []) stream.told += Buffer.from(part).toString()
  }
  read().catch(() => undefined)
  return stream
}

test('a store that is taken away is gone for who listens, and one that is given is there', async () => {
  const stop = new AbortController()
  const stores = async (): Promise<string[]> =>
    (await partner.ask('/api/v1/stores')).json.stores.map(({ store }: { store: string }) => store)
  expect(await stores()).toEqual([NORTH])
  const stream = await listening(SECRETS.T_NORTH, stop.signal)
  await served.has(() => stream.told.includes('event: fleet'))
  stream.told = ''
  tagged(SOUTH)
  // The stream looks first, the page when it is told.
  await served.has(() => stream.told.includes('event: fleet'))
  expect(await stores()).toEqual([SOUTH])
  expect((await partner.ask(`/api/v1/stores/${NORTH}`)).status).toBe(404)
  stop.abort()
})

test('one account has a share of the places, and what nobody reads has none', async () => {
  const stop = new AbortController()
  for (let times = 0; times < 100; times += 1)
    expect((await listening(SECRETS.T_NORTH, stop.signal)).answer.status).toBe(200)
  const { answer } = await listening(SECRETS.T_NORTH, stop.signal)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30'])
  const other = await listening(SECRETS.T_ALL, stop.signal)
  expect(other.answer.status).toBe(200)
  stop.abort()
  const next = new AbortController()
  while ((await listening(SECRETS.T_NORTH, next.signal)).answer.status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 50))
  next.abort()
  const headers = { authorization: `Bearer ${SECRETS.T_NORTH}` }
  const head = await fetch(`${served.url}/api/v1/events`, { method: 'HEAD', headers })
  expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET'])
})

test('a proxy is told to keep no news back', async () => {
  const stop = new AbortController()
  const { headers } = (await listening(SECRETS.T_ALL, stop.signal)).answer
  expect([headers.get('x-accel-buffering'), headers.get('cache-control')]).toEqual(['no', 'no-store'])
  stop.abort()
})
