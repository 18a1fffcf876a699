import { afterEach, expect, test } from 'vitest'
import { openProject } from '../../src/app/project.ts'
import { Revisions } from '../../src/server/revisions.ts'
import { ServerLog } from '../../src/server/server-log.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { hashOf, PASSWORD } from './accounts.ts'

let project: TestProject | undefined
let revisions: Revisions | undefined
afterEach(async () => {
  revisions?.stop()
  await project?.remove()
  project = undefined
  revisions = undefined
})

const INVENTORY = inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n')
const BROKEN = 'stores: {PL-0001: {nonsense: true}}\n'

/** What a repository says, and what the server has told of it. */
async function opened(
  settings: string,
  onNew: () => void = () => undefined,
): Promise<{ readonly of: Revisions; readonly files: TestProject; readonly told: string[] }> {
  const files = new TestProject({ 'tillwright.yaml': settings, 'inventory/fleet.yaml': INVENTORY })
  project = files
  const told: string[] = []
  const log = new ServerLog()
  log.say = (text) => void told.push(text)
  const of = await Revisions.open(await openProject(files.root), { sandbox: false, log, onNew })
  revisions = of
  return { of, files, told }
}

const [anna, ben] = [hashOf(PASSWORD), hashOf('another password 1')]
const accounts = (lines: string): string => `server:\n  accounts:\n${lines}`

test('who was taken away is out, whatever else is wrong with the repository', async () => {
  const others = `    viktor: {role: viewer, password: '${ben}'}\n    clara: {role: admin, password: '${ben}'}\n    dora: {role: viewer, password: '${anna}'}\n`
  const all = accounts(`    anna: {role: admin, password: '${anna}'}\n${others}`)
  const { of, files, told } = await opened(all)
  const sessionOf = (account: string, at = of.accounts) => {
    const proof = of.current.accounts.named(account)?.proof ?? ''
    return at.ofSession({ account, proof })?.account.role
  }
  files.write('inventory/fleet.yaml', BROKEN)
  await of.reload()
  expect([of.rejected, ...['anna', 'viktor'].map((name) => sessionOf(name))]).toEqual([
    expect.stringContaining('fleet.yaml'),
    'admin',
    'viewer',
  ])
  // One goes, one becomes more, one less, one has another password, and one is new.
  files.write(
    'tillwright.yaml',
    accounts(
      `    viktor: {role: admin, password: '${ben}'}\n    clara: {role: viewer, password: '${ben}'}\n    dora: {role: viewer, password: '${hashOf('yet another one')}'}\n    emil: {role: viewer, password: '${ben}'}\n`,
    ),
  )
  await of.reload()
  expect(['anna', 'viktor', 'clara', 'dora', 'emil'].map((name) => sessionOf(name))).toEqual([
    undefined,
    'viewer',
    'viewer',
    undefined,
    undefined,
  ])
  expect(of.accounts.all().map(({ account }) => account.name)).toEqual(['viktor', 'clara', 'dora'])
  expect(told.at(-1)).toMatch(/^Not let in until then, or with a lesser role, .*: anna, clara$/)
  files.write('inventory/fleet.yaml', INVENTORY)
  await of.reload()
  expect([of.rejected, of.accounts.all().length, of.accounts.named('viktor')?.account.role]).toEqual([
    undefined,
    4,
    'admin',
  ])
})

test('a sender that was taken away is out, or sends less, whatever else is wrong with the repository', async () => {
  const senders = (lines: string): string => `server:\n  senders:\n${lines}`
  const { of, files, told } = await opened('{}\n')
  for (const name of ['one', 'two', 'three', 'four']) files.write(name, `token-of-${name}-0123456789\n`)
  const token = (name: string, more = ''): string => `    ${name}: {token: "file:${files.path(name)}"${more}}\n`
  const may = () => of.senders.map(({ sender, secret }) => [sender.name, sender.sources.join(), secret?.reveal()])
  const at = 'zabbix'
  files.write(
    'tillwright.yaml',
    senders(token('one') + token('two') + token('three', `, sources: [${at}, alertmanager]`) + token('four')),
  )
  await of.reload()
  expect([of.rejected, may().length]).toEqual([undefined, 4])
  files.write('inventory/fleet.yaml', BROKEN)
  files.write(
    'tillwright.yaml',
    senders(token('two', `, sources: [${at}]`) + token('three', ', sources: [alertmanager]') + token('four')),
  )
  files.write('four', 'another-token-of-four-0123\n')
  await of.reload()
  expect(of.rejected).toContain('fleet.yaml')
  expect(may()).toEqual([
    ['two', at, 'token-of-two-0123456789'],
    ['three', 'alertmanager', 'token-of-three-0123456789'],
    ['four', '', 'another-token-of-four-0123'],
  ])
  expect(told.at(-1)).toMatch(/^Senders not let in until then, or with less, .*: one, two, three$/)
  files.write('inventory/fleet.yaml', INVENTORY)
  await of.reload()
  expect(of.senders).toBe(of.current.senders)
})

test('a secret that was away is asked again without another change of a file', async () => {
  const { of, files, told } = await opened(accounts(`    anna: {role: admin, password: '${anna}'}\n`))
  const watching = of.watch()
  const token = `file:${files.path('token')}`
  files.write('tillwright.yaml', accounts(`    bi: {role: viewer, token: "${token}"}\n`))
  await expect.poll(() => of.rejected).toContain('cannot be read')
  // It lies where nobody looks for changes.
  files.write('token', 'token-of-bi-0123456789\n')
  await expect.poll(() => of.accounts.named('bi')?.account.role).toBe('viewer')
  expect(of.rejected).toBeUndefined()
  expect(told.filter((line) => line.includes('cannot be used'))).toHaveLength(1)
  of.stop()
  await watching
})

test('an error that nobody thought of keeps no later revision out', async () => {
  let isBroken = false
  const { of, told } = await opened(accounts(`    anna: {role: admin, password: '${anna}'}\n`), () => {
    if (isBroken) throw new Error('too many open files')
  })
  isBroken = true
  await of.reload()
  expect(of.rejected).toBe('Error: too many open files')
  isBroken = false
  await of.reload()
  expect(of.rejected).toBeUndefined()
  expect(told.at(-1)).toContain('A new revision of the repository is in force')
})
