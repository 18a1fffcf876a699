import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Alertmanager, hasAlertmanager } from '../peers/alertmanager.ts'
import { AlertmanagerFront } from '../peers/alertmanager-front.ts'
import { freePort } from '../peers/free-port.ts'
import { NORTH, RULES, SECRETS, SENDERS, ServedProject } from './served-project.ts'

interface Silence {
  readonly id: string
  readonly createdBy: string
  readonly comment: string
  readonly startsAt: string
  readonly endsAt: string
  readonly status: { readonly state: string }
  readonly matchers: readonly { readonly name: string; readonly value: string }[]
}

describe.skipIf(!hasAlertmanager)('our own silences in an Alertmanager', () => {
  const alertmanager = new Alertmanager()
  const front = new AlertmanagerFront()
  let till: ServedProject
  const startsAt = new Date().toISOString()
  const alert = (device: string, name = 'Slow') => ({
    startsAt,
    labels: { alertname: name, device: `${NORTH}/${device}` },
  })

  beforeAll(async () => {
    const port = await freePort()
    await front.start(`http://127.0.0.1:${port}`)
    const systems = `systems: {alertmanager: {url: "${front.url}", silence: {lasts: 12s}}}`
    const clears = RULES.replaceAll('cooldown: 0s', 'cooldown: 0s, clear_within: 1h')
    const policies = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'
    till = new ServedProject(policies + SENDERS + clears.replace('rules:', `${systems}\n  rules:`), 9)
    await till.serve()
    await alertmanager.start({ url: `${till.url}/hooks/alertmanager`, token: SECRETS.T_ALL }, port)
  }, 60_000)
  afterAll(async () => {
    await till?.remove()
    front.stop()
    await alertmanager.stop()
  })

  const silences = async (device: string): Promise<readonly Silence[]> => {
    const all = (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as readonly Silence[]
    return all.filter(({ matchers }) => matchers.some(({ value }) => value === `${NORTH}/${device}`))
  }
  const until = async <T>(look: () => Promise<T | undefined>, pauseMs = 100): Promise<T> => {
    for (const end = Date.now() + 60_000; ; ) {
      const found = await look()
      if (found !== undefined) return found
      if (Date.now() > end) throw new Error(`it does not come\n${till.told}`)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  const one = (device: string, holds: (silence: Silence) => boolean) =>
    until(async () => (await silences(device)).find(holds))
  const episodeOf = async (device: string) => {
    const { episodes } = JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout)
    return episodes.find((episode: { device: string }) => episode.device === `${NORTH}/${device}`)
  }

  test('a repair is silent while it works, renews its silence, and ends it', async () => {
    await alertmanager.post('alerts', [alert('pos1')])
    const open = await one('pos1', ({ status }) => status.state === 'active')
    expect(open.createdBy).toBe('Tillwright')
    expect(open.comment).toMatch(
      new RegExp(
        `^Tillwright repairs ${NORTH}/pos1 \\(alert Slow, rule slow, \\S+, attempt 1\\): run \\S+, by \\S+ on \\S+`,
      ),
    )
    expect(Date.parse(open.endsAt) - Date.parse(open.startsAt)).toBeLessThanOrEqual(12_000)
    const renewed = await one('pos1', ({ id, endsAt }) => id === open.id && endsAt > open.endsAt)
    expect(renewed.status.state).toBe('active')
    expect(await silences('pos1')).toHaveLength(1)
    till.write('quick', '')
    await one('pos1', ({ id, status }) => id === open.id && status.state === 'expired')
    await until(async () => ((await episodeOf('pos1')).state === 'repaired' ? true : undefined), 1_000)
  }, 60_000)

  test('an alert that goes out while it is silenced has gone out', async () => {
    rmSync(till.path('quick'), { force: true })
    await alertmanager.post('alerts', [alert('pos2')])
    const { id } = await one('pos2', ({ status }) => status.state === 'active')
    await alertmanager.post('alerts', [{ ...alert('pos2'), endsAt: new Date().toISOString() }])
    // It is silenced past the moment at which Alertmanager would tell of the end.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect((await episodeOf('pos2')).state).toBe('repairing')
    till.write('quick', '')
    await one('pos2', (silence) => silence.id === id && silence.status.state === 'expired')
    await until(async () => ((await episodeOf('pos2')).state === 'clear' ? true : undefined), 1_000)
  }, 60_000)

  test('an Alertmanager that has just been started is not believed that an alert has gone out', async () => {
    rmSync(till.path('quick'), { force: true })
    front.olderMs = 0
    await alertmanager.post('alerts', [alert('pos5')])
    const { id } = await one('pos5', ({ status }) => status.state === 'active')
    await alertmanager.post('alerts', [{ ...alert('pos5'), endsAt: new Date().toISOString() }])
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    front.asked.length = 0
    till.write('quick', '')
    await one('pos5', (silence) => silence.id === id && silence.status.state === 'expired')
    await until(async () => ((await episodeOf('pos5')).state === 'repaired' ? true : undefined), 1_000)
    await until(async () => (front.asked.includes('GET status') ? true : undefined))
    front.olderMs = 3_600_000
    expect((await episodeOf('pos5')).state).toBe('repaired')
  }, 60_000)

  test('a silence that ran out while it could not be renewed is opened anew, one that somebody ends is not', async () => {
    rmSync(till.path('quick'), { force: true })
    await alertmanager.post('alerts', [alert('pos6')])
    const first = await one('pos6', ({ status }) => status.state === 'active')
    front.fault = () => 'refuses'
    await one('pos6', ({ id, status }) => id === first.id && status.state === 'expired')
    front.fault = () => undefined
    const second = await one('pos6', ({ status }) => status.state === 'active')
    expect(second.id).not.toBe(first.id)
    await alertmanager.expire(second.id)
    await till.has(() =>
      till.told.includes(`${NORTH}/pos6 is not renewed: alertmanager: somebody has ended the silence`),
    )
    till.write('quick', '')
    await until(async () => ((await episodeOf('pos6')).state === 'repaired' ? true : undefined), 1_000)
    expect(await silences('pos6')).toHaveLength(2)
  }, 60_000)

  test('what a killed server has left ends soon, and the next one closes it', async () => {
    rmSync(till.path('quick'), { force: true })
    await alertmanager.post('alerts', [alert('pos3')])
    const left = await one('pos3', ({ status }) => status.state === 'active')
    expect(Date.parse(left.endsAt) - Date.now()).toBeLessThanOrEqual(12_000)
    await till.end('SIGKILL')
    till.write('quick', '')
    await till.serve()
    const closed = await one('pos3', ({ id, status }) => id === left.id && status.state === 'expired')
    expect(Date.parse(closed.endsAt)).toBeLessThan(Date.parse(left.endsAt) + 12_000)
    await till.has(() => till.told.includes(`The silence of ${NORTH}/pos3 that run `))
  }, 60_000)

  test('a silence of its own keeps no repair from beginning', async () => {
    const matchers = [{ name: 'device', value: `${NORTH}/pos4`, isRegex: false, isEqual: true }]
    const endsAt = new Date(Date.now() + 60_000).toISOString()
    const comment = `elsewhere\n[till:another/fleet/run/${encodeURIComponent(`${NORTH}/pos4`)}]`
    const made = await alertmanager.post('silences', { matchers, startsAt, endsAt, createdBy: 'Tillwright', comment })
    await alertmanager.post('alerts', [alert('pos4', 'MarkerGone')])
    const known = (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as { labels: { device: string } }[]
    const alerts = known.filter(({ labels }) => labels.device === `${NORTH}/pos4`)
    await till.send('alertmanager', { alerts: alerts.map((each) => ({ ...each, status: 'firing' })) })
    await until(async () => ((await episodeOf('pos4'))?.state === 'repaired' ? true : undefined), 1_000)
    await alertmanager.expire((made as { silenceID: string }).silenceID)
  }, 60_000)

  test('a run that goes on after it was killed ends what it has left, in a fleet that was renamed', async () => {
    till.write('inventory/fleet.yaml', till.read('inventory/fleet.yaml').replace('name: Test', 'name: Renamed'))
    rmSync(till.path('quick'), { force: true })
    rmSync(till.path('log'), { force: true })
    const killed = till.start('apply', 'slow', '--device', `${NORTH}/pos7`, '--yes')
    const left = await one('pos7', ({ status }) => status.state === 'active')
    await until(async () => (till.log().includes('begun') ? true : undefined))
    killed.kill('SIGKILL')
    await once(killed, 'close')
    till.write('quick', '')
    // What was being done cannot be seen, and is not done again.
    const { code, stdout, stderr } = await till.till('resume', 'latest', '--yes')
    expect(code, `${stdout}${stderr}`).toBe(4)
    expect(stderr).toMatch(new RegExp(`The silence of ${NORTH}/pos7 that run \\S+ has left is closed`))
    expect((await silences('pos7')).find(({ id }) => id === left.id)?.status.state).toBe('expired')
  }, 60_000)

  test('a run asks once what went out, and only about devices that it has silenced', async () => {
    // The server asks what became of its own silences for some seconds.
    await till.end('SIGTERM')
    front.asked.length = 0
    // Nothing was told about it, so that nothing is asked.
    expect(await till.till('apply', 'marker', '--device', `${NORTH}/pos8`, '--yes')).toMatchObject({ code: 0 })
    expect(front.asked.filter((asked) => asked === 'GET silences')).toHaveLength(1)
    expect(front.asked.filter((asked) => asked === 'GET status')).toEqual([])
    const devices = ['--device', `${NORTH}/pos4`, '--device', `${NORTH}/pos6`]
    expect(await till.till('apply', 'marker', ...devices, '--yes')).toMatchObject({ code: 0 })
    expect(front.asked.filter((asked) => asked === 'GET status')).toHaveLength(1)
  }, 60_000)

  test('monitoring that hangs after a silence was opened holds the end of the run up no longer than 2 s', async () => {
    front.fault = (asked) => (asked === 'POST silences' ? undefined : 'hangs')
    const { code, stderr } = await till.till('apply', 'marker', '--device', `${NORTH}/pos9`, '--yes')
    front.fault = () => undefined
    expect(code).toBe(0)
    expect(stderr.match(/Monitoring has not answered all within 2 s of the end of the run/g)).toHaveLength(1)
    expect(stderr).not.toContain('does not answer within 10 s')
    expect(await silences('pos9')).toHaveLength(1)
  }, 60_000)

  test('an apply is silent about what it changes', async () => {
    const { code } = await till.till('apply', 'marker', '--device', `${NORTH}/pos4`, '--yes')
    expect(code).toBe(0)
    const made = (await silences('pos4')).filter(({ comment }) => /^Tillwright changes \S+: run \S+, by /.test(comment))
    expect(made.map(({ status }) => status.state)).toEqual(['expired', 'expired'])
  }, 60_000)

  test('monitoring that does not answer holds nothing up, and is told of', async () => {
    await alertmanager.stop()
    const { code, stderr } = await till.till('apply', 'marker', '--device', `${NORTH}/pos4`, '--yes')
    expect(code).toBe(0)
    expect(stderr).toContain(`${NORTH}/pos4 is worked on without a silence: alertmanager: it cannot be reached`)
  }, 60_000)
})
