import { existsSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { chainOf, runbookThat } from '../cli/chain.ts'
import { ended, type TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { hashOf, PASSWORD } from '../server/accounts.ts'
import { NORTH, ServedProject } from '../server/served-project.ts'
import { Visitor } from '../server/visitor.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

it('nobody is said to work on what a killed run had in hand', async () => {
  project = chainOf(['S-1'], { policy: 'policies: {default: {rollout: {waves: false}}}', hours: 'closed' })
  const begun = `${project.root}/begun`
  project.write('runbooks/mark.yaml', runbookThat(`touch ${begun}; while [ -e ${begun} ]; do sleep 0.1; done`))
  const child = project.start('apply', 'mark', '--yes', '--device', 'S-1/pos1')
  const end = ended(child)
  await until(child, () => existsSync(begun))
  const meanwhile = await project.till('why', 'S-1/pos1', '--json')
  expect(JSON.parse(meanwhile.stdout).reasons).toMatchObject([{ code: 'LEASE_HELD' }])
  child.kill('SIGKILL')
  await end
  // What it was changing is out until it is seen in order, and may be seen to at once.
  expect(JSON.parse((await project.till('why', 'S-1/pos1', '--json')).stdout)).toMatchObject({ may: true, reasons: [] })
  const other = JSON.parse((await project.till('why', 'S-1/pos2', '--json')).stdout)
  expect(other.reasons).toMatchObject([{ code: 'CAP_REACHED', whom: 'S-1/pos1' }])
}, 120_000)

it('nobody is kept waiting behind what a killed run waited for', async () => {
  project = chainOf(['S-1'], { policy: 'policies: {default: {rollout: {waves: false}}}', hours: 'closed' })
  const begun = `${project.root}/begun`
  project.write('runbooks/mark.yaml', runbookThat(`touch ${begun}; while [ -e ${begun} ]; do sleep 0.1; done`))
  const child = project.start('apply', 'mark', '--yes', '--parallel', '2', '--ndjson')
  let events = ''
  child.stdout?.on('data', (chunk) => {
    events += chunk
  })
  const end = ended(child)
  await until(child, () => existsSync(begun) && events.includes('device.waiting'))
  child.kill('SIGKILL')
  await end
  const [working, waiting] = [/"step.converging".*?"device":"([^"]+)"/, /"device.waiting".*?"device":"([^"]+)"/].map(
    (pattern) => pattern.exec(events)?.[1] ?? '',
  )
  const reasonsOf = async (device = ''): Promise<unknown[]> =>
    JSON.parse((await (project as TestProject).till('why', device, '--json')).stdout).reasons
  expect(await reasonsOf(working)).toEqual([])
  expect(await reasonsOf(waiting)).toMatchObject([{ code: 'CAP_REACHED' }])
}, 120_000)

it('a device that was away is said to wait for those that get what they missed', async () => {
  const policy = 'policies: {default: {back_at_once: 1, caps: [], keep: [], rollout: {waves: false}}}'
  project = chainOf(['S-1', 'S-2'], { policy, hours: 'closed' })
  const begun = `${project.root}/begun`
  project.write('runbooks/mark.yaml', runbookThat(`touch ${begun}; while [ -e ${begun} ]; do sleep 0.1; done`))
  let host = 0
  // One address reaches one device, unless that is this machine.
  const stores = project.read('inventory/stores.yaml').replaceAll('127.0.0.1', () => `127.0.0.${++host}`)
  project.write('inventory/stores.yaml', stores)
  const inventory = project.read('inventory/fleet.yaml')
  project.write('inventory/fleet.yaml', inventory.replace('{type: local}', '{type: ssh, port: 1, user: nobody}'))
  const away = await project.till('apply', 'mark', '--yes', '--device', 'S-1/pos1', '--device', 'S-2/pos1', '--json')
  expect(JSON.parse(away.stdout)).toMatchObject({ devices: [{ state: 'unreachable' }, { state: 'unreachable' }] })
  project.write('inventory/fleet.yaml', inventory)
  const child = project.start('apply', 'mark', '--yes', '--device', 'S-1/pos1')
  const end = ended(child)
  await until(child, () => existsSync(begun))
  const why = JSON.parse((await project.till('why', 'S-2/pos1', '--json')).stdout)
  expect([why.may, why.reasons]).toMatchObject([false, [{ code: 'BACK_WAITING' }]])
  expect(JSON.parse((await project.till('why', 'S-2/pos2', '--json')).stdout).reasons).toEqual([])
  child.kill('SIGKILL')
  await end
}, 120_000)

it('is told by status, by a server that starts behind it, on its page and in the metrics, until somebody goes on with it', async () => {
  const account = `anna: {role: admin, password: '${hashOf(PASSWORD)}'}`
  const served = new ServedProject(`policies: {default: {caps: [], keep: []}}\nserver: {accounts: {${account}}}\n`, 2)
  project = served
  const devices = ['--device', `${NORTH}/pos1`, '--device', `${NORTH}/pos2`]
  const child = served.start('apply', 'slow', '--parallel', '1', '--yes', ...devices)
  const end = ended(child)
  await until(child, () => served.log().includes('begun'))
  child.kill('SIGKILL')
  await end
  const [{ run, by }] = JSON.parse((await served.till('runs', 'list', '--json')).stdout).runs
  const told = `Run ${run} (slow, by ${by}) was cut off, and 2 devices are left: till resume ${run} goes on with it, till abort ${run} ends it.`
  expect((await served.till('status')).stderr).toContain(told)
  await served.serve()
  await served.has(() => served.told.includes(told))
  const anna = new Visitor(served.url)
  await anna.signIn('anna')
  const page = await anna.ask(`/api/v1/runs/${run}`)
  expect(errorsOf('api-run', page.json)).toEqual([])
  expect(page.json.waiting).toEqual([
    { code: 'RUN_INTERRUPTED', message: told, not_before: null, count: 2, devices: [] },
  ])
  expect((await anna.ask('/metrics')).text).toContain('till_runs_left{state="killed"} 1\n')
  // It begins nothing by itself.
  expect(served.log()).toEqual(['begun'])
  served.write('quick', '')
  await served.till('resume', run, '--yes')
  expect((await served.till('status')).stderr).not.toContain(run)
  await served.end('SIGTERM')
}, 120_000)
