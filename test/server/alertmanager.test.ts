import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Alertmanager, hasAlertmanager } from '../peers/alertmanager.ts'
import { freePort } from '../peers/free-port.ts'
import { NORTH, RULES, SECRETS, SENDERS, ServedProject } from './served-project.ts'

describe.skipIf(!hasAlertmanager)('with an Alertmanager', () => {
  const alertmanager = new Alertmanager()
  let till: ServedProject
  const startsAt = new Date().toISOString()
  const alert = (device: string) => ({ startsAt, labels: { alertname: 'MarkerGone', device: `${NORTH}/${device}` } })

  beforeAll(async () => {
    const port = await freePort()
    const systems = `  systems: {alertmanager: {url: "http://127.0.0.1:${port}"}}\n`
    till = new ServedProject(SENDERS + RULES.replace('rules:', `${systems.trim()}\n  rules:`), 3)
    await till.serve()
    await alertmanager.start({ url: `${till.url}/hooks/alertmanager`, token: SECRETS.T_ALL }, port)
  })
  afterAll(async () => {
    await till?.remove()
    await alertmanager.stop()
  })
  const episodeOf = async (device: string) => {
    const { episodes } = JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout)
    return episodes.find((episode: { device: string }) => episode.device === `${NORTH}/${device}`)
  }
  const has = async (device: string, state: string) => {
    for (const until = Date.now() + 30_000; ; ) {
      const episode = await episodeOf(device)
      if (episode?.state === state) return episode
      if (Date.now() > until) throw new Error(`${device} is ${JSON.stringify(episode)}; ${till.told}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  test('what it tells of is repaired', async () => {
    await alertmanager.post('alerts', [alert('pos1')])
    const { attempts } = await has('pos1', 'repaired')
    expect(attempts).toMatchObject([{ result: 'helped' }])
    expect(till.log()).toEqual(['pos1 made'])
    await alertmanager.post('alerts', [{ ...alert('pos1'), endsAt: new Date().toISOString() }])
    await has('pos1', 'clear')
  })

  test('what is silenced is left alone', async () => {
    const matchers = [{ name: 'device', value: `${NORTH}/pos2`, isRegex: false, isEqual: true }]
    const endsAt = new Date(Date.now() + 3_600_000).toISOString()
    await alertmanager.post('silences', { matchers, startsAt, endsAt, createdBy: 'test', comment: 'at work' })
    await alertmanager.post('alerts', [alert('pos2')])
    // A silenced alert is not sent: it was told of by somebody, or before the silence began.
    const { alerts } = await told(till, alertmanager, 'pos2')
    expect(alerts).toMatchObject([{ why: null }])
    const { why, attempts } = await has('pos2', 'held')
    expect([why, attempts]).toEqual([expect.stringMatching(/^The alert is silenced \(silence [0-9a-f-]+\)\.$/), []])
  })

  test('what cannot be known keeps a repair from beginning', async () => {
    await alertmanager.post('alerts', [alert('pos3')])
    await alertmanager.stop()
    const body = { alerts: [{ status: 'firing', fingerprint: 'ab', ...alert('pos3') }] }
    await till.send('alertmanager', body)
    const { why } = await has('pos3', 'held')
    // Its list may have been asked for a moment before it ended.
    expect(why).toMatch(/^Alertmanager (was asked about silences: it cannot be reached|does not know of the alert)/)
    expect(till.log()).toEqual(['pos1 made'])
  })
})

/** Sends on what Alertmanager knows of an alert, as it does itself where nobody has silenced it. */
async function told(till: ServedProject, { url }: Alertmanager, device: string) {
  const known = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
    readonly fingerprint: string
    readonly startsAt: string
    readonly labels: Readonly<Record<string, string>>
  }[]
  const alerts = known
    .filter(({ labels }) => labels['device'] === `${NORTH}/${device}`)
    .map((known) => ({ ...known, status: 'firing' }))
  return till.send('alertmanager', { alerts })
}
