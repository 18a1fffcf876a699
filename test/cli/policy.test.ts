// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'libsql'
import { afterEach, describe, expect, it } from 'vitest'
import { chainOf, NO_WAVES, runbookThat, states } from './chain.ts'
import { ended, type TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const OPEN = '"00:00-24:00"'
const CLOSED = 'closed'
const STORES = ['S-1', 'S-2', 'S-3'] as const

let project: TestProject | undefined
afterEach(() => project?.remove())

const chain = (policy: string, hours: string): TestProject => chainOf(STORES, { policy, hours })

describe('a policy', () => {
  it('freezes devices of which its selector cannot tell whether they are meant, and says so', async () => {
    const freeze = (rest: string): string =>
      `policies: {default: {freezes: [{name: closing, from: '2020-01-01', to: '2099-01-01', why: Trade, ${rest}}], rollout: {${NO_WAVES}}}}`
    project = chain(freeze(`where: "device.vars.ring != 'pilot'"`), CLOSED)
    const held = await states(project)
    expect([held.code, new Set(held.of.values())]).toEqual([6, new Set(['FREEZE_ACTIVE'])])
    const why = await project.till('why', 'S-1/pos1', '--json')
    expect(errorsOf('why', JSON.parse(why.stdout))).toEqual([])
    expect(JSON.parse(why.stdout)).toMatchObject({ may: false, undecided: ['freeze closing'] })
    expect((await project.till('why', 'S-1/pos1')).stdout).toContain('cannot be told, so they are: freeze closing')

    project.write('tillwright.yaml', freeze('regions: [nort]'))
    const refused = await project.till('apply', 'mark', '--yes')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('There is no region "nort"')])
    const resumed = await project.till('resume', 'latest', '--yes')
    expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining('There is no region "nort"')])
    expect((await project.till('validate')).code).toBe(2)
    expect((await project.till('plan', 'mark')).code).toBe(3)
  })

  it('has nothing changed while stores trade, unless somebody breaks the glass, which is on record', async () => {
    project = chain(`policies: {default: {rollout: {windows: [{name: nights, closed: true}], ${NO_WAVES}}}}`, OPEN)
    const held = await states(project)
    expect([held.code, new Set(held.of.values())]).toEqual([6, new Set(['WINDOW_CLOSED'])])
    expect(held.devices.map(({ state }) => state)).toEqual(Array(6).fill('deferred'))
    // The last working till is no matter of windows: nobody has seen another one work.
    const alone = await states(project, '--break-glass', 'the chain cannot sell', '--device', 'S-1/pos1')
    expect([...alone.of.values()]).toEqual(['LAST_WORKING'])
    // A run that is about all of them looks at the other one first, and so changes both, one after the other.
    const glass = await states(project, '--break-glass', 'the chain cannot sell')
    expect(new Set(glass.of.values())).toEqual(new Set(['changed']))
    const shown = await project.till('runs', 'show', 'latest', '--ndjson')
    expect(shown.code === 0 ? shown.stdout : 'the cannot sell').toContain('cannot sell')
  })

  it('lets closed stores be changed, and one till of a store at a time over all processes', async () => {
    project = chain(`policies: {default: {rollout: {windows: [{name: nights, closed: true}], ${NO_WAVES}}}}`, CLOSED)
    const lock = `${project.root}/\${{ store.id }}`
    project.write('runbooks/mark.yaml', runbookThat(`mkdir ${lock} && sleep 0.4 && rmdir ${lock}`))
    const ran = project
    const runs = await Promise.all(STORES.map(async () => states(ran)))
    const all = runs.flatMap(({ of }) => [...of.values()])
    expect(all.filter((state) => !['changed', 'LEASE_HELD', 'CAP_REACHED', 'QUEUE_BEHIND'].includes(state))).toEqual([])
    expect(all.filter((state) => state === 'changed').length).toBeGreaterThanOrEqual(6)
  })

  it('waits for devices that other runs have for as long as it was told to, and no longer', async () => {
    project = chain('policies: {default: {rollout: {waves: false}}}', CLOSED)
    const [begun, go] = [`${project.root}/begun`, `${project.root}/go`]
    project.write(
      'runbooks/mark.yaml',
      runbookThat(`touch ${begun}-\${{ store.id }}; until [ -e ${go} ]; do sleep 0.1; done`),
    )
    const both = ['--device', 'S-1/pos1', '--device', 'S-2/pos1'] as const
    const busy = project.start('apply', 'mark', '--yes', ...both)
    const end = ended(busy)
    await until(busy, () => existsSync(`${begun}-S-1`) && existsSync(`${begun}-S-2`))
    project.write('runbooks/mark.yaml', runbookThat('true'))
    const same = await states(project, '--device', 'S-1/pos1', '--wait', '1s')
    expect([same.code, [...same.of.values()]]).toEqual([6, ['LEASE_HELD']])
    const two = await states(project, ...both)
    expect([two.code, [...two.of.values()]]).toEqual([6, ['LEASE_HELD', 'LEASE_HELD']])
    const neighbour = await states(project, '--device', 'S-1/pos2', '--wait', '1s')
    expect([neighbour.code, [...neighbour.of.values()]]).toEqual([6, ['CAP_REACHED']])
    const patient = project.start(
      'apply',
      'mark',
      '--yes',
      '--ndjson',
      '--store',
      'S-1',
      '--store',
      'S-2',
      '--wait',
      '2m',
    )
    let told = ''
    patient.stdout?.on('data', (chunk) => {
      told += chunk
    })
    const over = ended(patient)
    await until(patient, () => (told.match(/"device.waiting"/g) ?? []).length >= 4)
    writeFileSync(go, '')
    expect([(await end).code, (await over).code]).toEqual([0, 0])
  }, 180_000)

  it('sees to so many devices at a time that were away, and to others all at once', async () => {
    project = chain('policies: {default: {caps: [], back_at_once: 1, rollout: {waves: false}}}', CLOSED)
    const busy = `${project.root}/busy`
    const alone = `mkdir ${busy} || touch ${project.root}/together; sleep 0.3; rmdir ${busy} || true`
    project.write('runbooks/mark.yaml', runbookThat(alone))
    await project.till('plan', 'mark')
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    database.exec("UPDATE device_status SET state = 'unreachable', seen_at = NULL")
    database.close()
    expect(new Set((await states(project)).of.values())).toEqual(new Set(['changed']))
    expect(existsSync(`${project.root}/together`)).toBe(false)
    // They were seen by now.
    await states(project)
    expect(existsSync(`${project.root}/together`)).toBe(true)
  })

  it('stops behind a canary that fails, within the number that may', async () => {
    project = chain(
      'policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: never, max_failures: [1]}}}}',
      CLOSED,
    )
    project.write('runbooks/mark.yaml', runbookThat('exit 7'))
    const { code, of } = await states(project)
    const failed = [...of.values()].filter((state) => state === 'CONVERGE_FAILED')
    expect([code, failed.length]).toEqual([4, 1])
    expect(new Set([...of.values()].filter((state) => state !== 'CONVERGE_FAILED'))).toEqual(new Set(['WAVE_STOPPED']))
  })

  it('stops at fewer failures where the command says so, until they are forgiven; of a command, too', async () => {
    project = chain('policies: {default: {caps: [], rollout: {waves: false, max_failures: 3}}}', CLOSED)
    project.write('runbooks/mark.yaml', runbookThat(`[ -e ${project.root}/mended ] || exit 7`))
    const counts = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout).summary.counts
    const most = (given: string) => ['--max-failures', given, '--json'] as const
    expect(counts(await project.till('apply', 'mark', '--yes', ...most('2')))).toMatchObject({ failed: 2, deferred: 4 })
    project.write('mended', '')
    // The run keeps what it was told.
    expect(counts(await project.till('resume', 'latest', '--yes', '--json'))).toMatchObject({ failed: 2, deferred: 4 })
    expect((await project.till('approve', 'latest', '--because', 'mended')).code).toBe(0)
    expect(counts(await project.till('resume', 'latest', '--yes', '--json'))).toMatchObject({ failed: 2, changed: 4 })
    expect(counts(await project.till('exec', ...most('9'), '--', 'exit 7'))).toMatchObject({ unmet: 3, deferred: 3 })
    expect(counts(await project.till('exec', ...most('1'), '--', 'exit 7'))).toMatchObject({ unmet: 1, deferred: 5 })
    expect((await project.till('apply', 'mark', '--yes', '--max-failures', '0')).code).toBe(2)
  }, 180_000)

  it('pauses behind the canary until somebody says that it goes on', async () => {
    project = chain('policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: always}}}}', CLOSED)
    const first = await states(project)
    expect([...first.of.values()].filter((state) => state === 'changed')).toHaveLength(2)
    expect([...first.of.values()].filter((state) => state === 'WAVE_UNRELEASED')).toHaveLength(4)
    const rest = await states(project, '--go-on')
    expect(new Set(rest.of.values())).toEqual(new Set(['changed']))
  })

  it('does not pause behind the canary where it was told so, whoever goes on with it', async () => {
    project = chain('policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: always}}}}', CLOSED)
    const canary = [...(await states(project)).of].find(([, state]) => state === 'changed')?.[0].split('/')[0]
    const others = ['S-1', 'S-2', 'S-3'].filter((store) => store !== canary)
    for (const store of others) await project.till('hold', store, '--until', '2h', '--because', 'cabling')
    const held = await project.till('apply', 'mark', '--yes', '--go-on', '--json')
    expect(JSON.parse(held.stdout).summary.counts).toMatchObject({ changed: 2, deferred: 4 })
    expect(held.stderr).not.toContain('somebody says that it goes on')
    for (const store of others) await project.till('hold', 'release', store)
    const { stdout } = await project.till('resume', 'latest', '--yes', '--json')
    expect(JSON.parse(stdout).summary.counts).toMatchObject({ changed: 6, deferred: 0 })
  })

  it('opens the breaker when many fail, over all runs, until somebody closes it', async () => {
    project = chain(
      `policies: {default: {breakers: [{failures: 2, within: 1h}], rollout: {${NO_WAVES.replace('}', ', max_failures: [6]}')}}}}`,
      CLOSED,
    )
    project.write('runbooks/mark.yaml', runbookThat('exit 7'))
    await states(project)
    const open = await project.till('breaker', '--json')
    expect([open.code, errorsOf('breaker', JSON.parse(open.stdout)), JSON.parse(open.stdout).open]).toEqual([
      6,
      [],
      true,
    ])
    project.write('runbooks/mark.yaml', runbookThat('true'))
    expect(new Set((await states(project)).of.values())).toEqual(new Set(['BREAKER_OPEN']))
    expect((await project.till('breaker', '--close', 'the mirror is back')).code).toBe(0)
    const shut = await project.till('breaker', '--json')
    expect([shut.code, errorsOf('breaker', JSON.parse(shut.stdout))]).toEqual([0, []])
    expect(new Set((await states(project)).of.values())).toEqual(new Set(['changed']))
  })

  it('counts failures until a breaker that they have opened is closed: one that was not open forgets none', async () => {
    project = chain('policies: {default: {breakers: [{failures: 2, within: 1h}], rollout: {waves: false}}}', CLOSED)
    project.write('runbooks/mark.yaml', runbookThat('exit 7'))
    await states(project, '--device', 'S-1/pos1')
    expect(await project.till('breaker', '--close', 'nothing')).toMatchObject({ code: 0, stdout: 'closed\n' })
    await states(project, '--device', 'S-2/pos1')
    expect((await project.till('breaker')).code).toBe(6)
  })

  it('holds a till back while a receipt is open, and with --wait until it is closed', async () => {
    project = chain('', CLOSED)
    const receipt = `${project.root}/receipt.open`
    project.write(
      'tillwright.yaml',
      `guards: {receipt: {is: open-receipt, file: ${receipt}, look_again: 200ms}}
policies: {default: {rollout: {guards: [receipt], ${NO_WAVES}}}}
`,
    )
    writeFileSync(receipt, '')
    const held = await states(project)
    expect([held.code, new Set(held.of.values())]).toEqual([6, new Set(['GUARD_CLOSED'])])
    expect(held.devices[0]).toMatchObject({
      state: 'deferred',
      failure: { message: expect.stringContaining('a receipt is open') },
    })
    expect(existsSync(`${project.root}/S-1-pos1`)).toBe(false)
    const exec = await project.till('exec', '--device', 'S-1/pos1', '--', 'touch', `${project.root}/by-exec`)
    expect([exec.code, existsSync(`${project.root}/by-exec`)]).toEqual([6, false])
    const ran = project
    const waiting = ran.start('apply', 'mark', '--yes', '--ndjson', '--wait', '60s')
    let told = ''
    waiting.stdout?.on('data', (chunk) => {
      told += chunk
    })
    await until(waiting, () => (told.match(/"device.waiting"/g) ?? []).length >= 6)
    rmSync(receipt)
    expect((await ended(waiting)).code).toBe(0)
    expect(existsSync(`${project.root}/S-1-pos1`)).toBe(true)
    // What a guard says wrongly is not taken for a free till.
    project.write(
      'tillwright.yaml',
      project.read('tillwright.yaml').replace(`file: ${receipt}`, 'script: {sh: echo hello}'),
    )
    const unknown = await states(project)
    expect([unknown.code, new Set(unknown.of.values())]).toEqual([6, new Set(['GUARD_UNKNOWN'])])
  })

  it('names guards that there are, each with one way to ask', async () => {
    project = chain(
      `guards:
  receipt: {is: open-receipt, file: /run/receipt, process: pos}
  log: {log: {file: /var/log/pos.log, begins: 'a(?=b)', ends: 'c'}}
  none: {is: report}
policies: {default: {rollout: {guards: [reciept]}}}
`,
      CLOSED,
    )
    const { code, stderr, stdout } = await project.till('validate')
    expect(code).toBe(2)
    const said = stderr + stdout
    for (const text of ['both say how to ask', 'There is no guard "reciept"', 'does not say how', 'is no pattern']) {
      expect(said).toContain(text)
    }
  })

  it('leaves alone what was held or out when the fleet had another name', async () => {
    project = chain('', CLOSED)
    expect((await project.till('hold', 'S-1', '--until', '2h', '--because', 'cabling')).code).toBe(0)
    const good = project.read('runbooks/mark.yaml')
    project.write('runbooks/mark.yaml', runbookThat('exit 1'))
    expect((await states(project, '--device', 'S-2/pos1')).of.get('S-2/pos1')).not.toBe('changed')
    project.write('runbooks/mark.yaml', good)
    const neighbour = await states(project, '--device', 'S-2/pos2')
    expect(neighbour.code).toBe(6)
    const file = 'inventory/fleet.yaml'
    project.write(file, project.read(file).replace('name: Chain', 'name: Renamed'))
    expect((await states(project, '--device', 'S-2/pos2')).of).toEqual(neighbour.of)
    const held = await states(project, '--store', 'S-1')
    expect([held.code, new Set(held.of.values())]).toEqual([6, new Set(['HOLD_ACTIVE'])])
    const { stdout } = await project.till('hold', 'list', '--json')
    expect(JSON.parse(stdout).holds).toMatchObject([{ on: 'S-1', why: 'cabling' }])
    // Once it is known by that name, what is released there is not taken over again.
    expect((await project.till('hold', 'release', 'S-1')).code).toBe(0)
    expect((await states(project, '--store', 'S-1')).of.get('S-1/pos1')).toBe('changed')
  })

  it('leaves alone what somebody holds, with policies and without, and says why', async () => {
    project = chain('', OPEN)
    const ran = project
    const hold = async (what: string, ...more: string[]) =>
      (await ran.till('hold', what, '--because', 'cabling', '--until', ...(more.length > 0 ? more : ['2h']))).code
    expect([await hold('S-1'), await hold('S-2/pos1'), await hold('S-9'), await hold('S-1', 'soon')]).toEqual([
      0, 0, 2, 2,
    ])
    const first = await states(project)
    expect(first.code).toBe(6)
    expect(
      [...first.of]
        .filter(([, state]) => state === 'HOLD_ACTIVE')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['S-1/pos1', 'S-1/pos2', 'S-2/pos1'])
    const why = await project.till('why', 'S-1/pos1', '--json')
    expect([why.code, errorsOf('why', JSON.parse(why.stdout))]).toEqual([6, []])
    expect(JSON.parse(why.stdout)).toMatchObject({
      may: false,
      is_built_in: true,
      reasons: expect.arrayContaining([expect.objectContaining({ code: 'HOLD_ACTIVE', by: 'hold on S-1' })]),
    })
    const list = await project.till('hold', 'list', '--json')
    expect(errorsOf('holds', JSON.parse(list.stdout))).toEqual([])
    expect(JSON.parse(list.stdout).holds).toMatchObject([{ on: 'S-1', why: 'cabling' }, { on: 'S-2/pos1' }])
    expect((await states(project, '--break-glass', 'a fire')).code).toBe(0)
    expect((await states(project)).of.get('S-1/pos1')).toBe('HOLD_ACTIVE')

    const nights = `policies: {default: {rollout: {windows: [{name: nights, closed: true}], ${NO_WAVES}}}}`
    project.write('tillwright.yaml', nights)
    const said = (await project.till('why', 'S-1/pos2')).stdout
    for (const text of ['may not be changed now', 'hold on S-1', 'window nights', 'Policy default, rollout']) {
      expect(said).toContain(text)
    }
    const plan = await project.till('plan', 'mark', '--store', 'S-1')
    expect(plan.stdout).toContain(
      '2 of 2 devices that differ may not be changed now: hold on S-1 (2), window nights (2)',
    )
    expect((await project.till('hold', 'release', 'S-1')).code).toBe(0)
    expect((await project.till('hold', 'release', 'S-1')).code).toBe(2)
    expect((await project.till('why', 'S-1/pos2')).stdout).not.toContain('hold on S-1')
    expect((await project.till('why', 'S-1/pos2', '--repair')).code).toBe(0)
    expect((await project.till('why', 'S-1/pos22')).stderr).toContain('did you mean')
    // Who was put off without being looked at is as it was seen before.
    project.write('tillwright.yaml', '')
    expect([...(await states(project, '--device', 'S-1/pos1')).of.values()]).toEqual(['changed'])
  }, 180_000)

  it('keeps a till going beside one that is broken, also when that one was looked at since and put off', async () => {
    const policies = (more: string): string => `policies: {default: {caps: [], rollout: {waves: false${more}}}}\n`
    project = chainOf(['S-1'], { policy: policies(''), hours: CLOSED })
    project.write('runbooks/mark.yaml', runbookThat('exit 7'))
    expect([...(await states(project, '--device', 'S-1/pos2')).of.values()]).toEqual(['CONVERGE_FAILED'])
    project.write('runbooks/mark.yaml', runbookThat('true'))
    const guard = "guards: {drawer: {says: the drawer is open, script: {sh: 'echo busy'}}}\n"
    project.write('tillwright.yaml', guard + policies(', guards: [drawer]'))
    expect([...(await states(project, '--device', 'S-1/pos2')).of.values()]).toEqual(['GUARD_CLOSED'])
    project.write('tillwright.yaml', policies(''))
    project.write('inventory/stores.yaml', project.read('inventory/stores.yaml').replaceAll(`: ${CLOSED}`, `: ${OPEN}`))
    expect([...(await states(project, '--device', 'S-1/pos1')).of.values()]).toEqual(['LAST_WORKING'])
  })

  it('comes with Tillwright where the repository has none, and keeps a till of each store working from the first apply on', async () => {
    const stores = Array.from({ length: 12 }, (_, index) => `S-${index + 1}`)
    project = chainOf(stores, { policy: '', hours: OPEN })
    // Nobody has looked at the other till of the store, so it may be the last one.
    const alone = await states(project, '--device', 'S-1/pos1')
    expect([alone.code, [...alone.of.values()]]).toEqual([6, ['LAST_WORKING']])
    // A run that is about both looks at both, and changes one after the other; two stores are one wave.
    const two = await states(project, '--store', 'S-1', '--store', 'S-2')
    expect([two.code, new Set(two.of.values())]).toEqual([0, new Set(['changed'])])
    const plan = await project.till('plan', 'mark')
    expect(plan.stdout).toContain(
      'Policy default, which comes with Tillwright: 10 stores (20), then 2 stores (4), each watched for 10 min.',
    )
    const broken = await project.till('apply', 'mark', '--yes', '--break-glass', 'why not')
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('has no policies') })
    expect((await project.till('apply', 'mark', '--yes', '--wait', 'soon')).code).toBe(2)
  })
})
