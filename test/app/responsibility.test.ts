// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterAll, describe, expect, test } from 'vitest'
import { Duties } from '../../src/app/incidents/duties.ts'
import { callOfStorm, incidentOpening } from '../../src/app/incidents/incident-opening.ts'
import { whoIs } from '../../src/app/incidents/who.ts'
import { openProject } from '../../src/app/project.ts'
import { checkRepository } from '../../src/app/revision/check-repository.ts'
import { InputError } from '../../src/core/diagnostic.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'

const projects: TestProject[] = []
afterAll(async () => {
  for (const project of projects) await project.remove()
})

const HOOKS = `hooks:
  rules:
    - name: drawer
      match: alert.name == 'Drawer'
      fault: drawer-stuck
    - {name: marker, match: "alert.name == 'Marker'", mode: act, runbook: look}
`
const MATRIX = `vendor: device.vars.vendor
contract: device.vars.contract
contracts:
  gold: {hours: always, reaction: 5m}
  office: {hours: business, holidays: pl.ics}
teams: {till-desk: {}, acme: {partner: acme}}
rows:
  - {fault: drawer-stuck, vendor: [acme], region: [north], team: acme, steps: [drawer opens]}
  - {fault: [drawer-stuck, marker, disk-dead, storm], team: till-desk}
`
const HOLIDAYS = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n')

function repository(matrix: string, { hooks = HOOKS, own = true } = {}): TestProject {
  const indented = matrix.replace(/^(?=.)/gm, '  ')
  const project = new TestProject({
    'tillwright.yaml': own ? `${hooks}responsibility: who.yaml\n` : `${hooks}responsibility:\n${indented}`,
    'who.yaml': matrix,
    'pl.ics': HOLIDAYS,
    'inventory/fleet.yaml': inventoryWith(
      '      pos1: {profile: till, address: 127.0.0.1, vars: {vendor: acme, contract: gold}}\n' +
        '      pos2: {profile: till, address: 127.0.0.2, vars: {contract: office}}\n',
    ),
    'runbooks/look.yaml':
      "name: look\nsteps:\n  - command: {run: 'true', always: true}\nclassify:\n" +
      "  - {when: 'true', fault: disk-dead, severity: high}\n  - {when: 'true', fault: \"${{ 'x' }}\", severity: high}\n",
  })
  projects.push(project)
  return project
}

async function problemsOf(project: TestProject): Promise<readonly string[]> {
  const opened = await openProject(project.root).catch((error) => error)
  const diagnostics = opened instanceof InputError ? opened.diagnostics : (await checkRepository(opened)).diagnostics
  return diagnostics.map(({ code, summary, detail, hint, source }) => {
    const place = `${source?.file.replace(/^.*\/(till-cli-[^/]+)\//, '')}:${source?.line}:${source?.column}`
    return `${place} ${code} ${summary}. ${detail} ${hint ?? ''}`.trim()
  })
}

test.each([true, false])('a matrix that has a row for everything is right, in a file of its own: %s', async (own) => {
  expect(await problemsOf(repository(MATRIX, { own }))).toEqual([])
})

describe('what it leaves open is an error at its place', () => {
  test.each([
    {
      it: 'a rule whose fault has no row for some devices',
      matrix: MATRIX.replace('[drawer-stuck, marker,', '[marker,'),
      says: [
        'tillwright.yaml:5:14 RESPONSIBILITY_INVALID The responsibility matrix has no row for the fault "drawer-stuck" ' +
          '(region north, contract office; for one PL-0001/pos2). Add one to the matrix: {fault: drawer-stuck, team: …}; ' +
          'teams are till-desk, acme.',
      ],
    },
    {
      it: 'a fault that a runbook of a rule names',
      matrix: MATRIX.replace(' disk-dead,', ''),
      says: [
        'runbooks/look.yaml:5:27 RESPONSIBILITY_INVALID The responsibility matrix has no row for the fault "disk-dead" ' +
          '(vendor acme, region north, contract gold; for one PL-0001/pos1). Add one to the matrix: {fault: disk-dead, team: …}; ' +
          'teams are till-desk, acme.',
      ],
    },
    {
      it: 'a storm',
      matrix: MATRIX.replace(', storm]', ']'),
      says: [
        'who.yaml:7:1 RESPONSIBILITY_INVALID The responsibility matrix has no row for the fault "storm". ' +
          'Add one to the matrix: {fault: storm, team: …}; teams are till-desk, acme.',
      ],
    },
    {
      it: 'names of teams, contracts and regions that there are not',
      matrix: MATRIX.replace('team: acme,', 'team: acm,').replace('region: [north]', 'contract: [golden]'),
      says: [
        'who.yaml:8:69 RESPONSIBILITY_INVALID There is no team "acm". There are till-desk, acme. did you mean "acme"?',
        'who.yaml:8:54 RESPONSIBILITY_INVALID There is no contract "golden". There are gold, office. did you mean "gold"?',
      ],
    },
    {
      it: 'a region that there is not',
      matrix: MATRIX.replace('region: [north]', 'region: [nort]'),
      says: ['who.yaml:8:5 RESPONSIBILITY_INVALID There is no region "nort". Did you mean "north"?'],
    },
    {
      it: 'a device whose contract is not written',
      matrix: MATRIX.replace('  office: {hours: business, holidays: pl.ics}\n', ''),
      says: [
        'inventory/fleet.yaml:18:7 RESPONSIBILITY_INVALID PL-0001/pos2 has a contract that is not written: "office". ' +
          'It is told by "device.vars.contract". There are gold.',
      ],
    },
    {
      it: 'hours that cannot be',
      matrix: MATRIX.replace('hours: business', 'hours: {mon-fri: "09:00-17:00"}'),
      says: [
        'who.yaml:5:12 RESPONSIBILITY_INVALID The week has no hours for sat, sun. Every day is named, alone or in a group such as ' +
          'mon-fri; a day without hours is written `sat: closed`.',
      ],
    },
    {
      it: 'a file of holidays that is not there',
      matrix: MATRIX.replace('pl.ics', 'de.ics'),
      says: ['who.yaml:5:39 FILE_UNREADABLE "de.ics" cannot be read. A contract names it as a calendar. ENOENT'],
    },
  ])('$it', async ({ matrix, says }) => {
    const told = await problemsOf(repository(matrix))
    expect(told.map((text, index) => text.slice(0, says[index]?.length))).toEqual(says)
  })

  test('also where the matrix stands in tillwright.yaml', async () => {
    const [first] = await problemsOf(repository(MATRIX.replace('team: acme,', 'team: acm,'), { own: false }))
    expect(first).toMatch(/^tillwright\.yaml:15:68 RESPONSIBILITY_INVALID There is no team "acm"/)
  })
})

test('who is responsible, and by which row', async () => {
  const project = await openProject(repository(MATRIX).root)
  const fleet = await project.fleet()
  const who = (device: string, fault: string) => whoIs(project, { device, fault, sandbox: false })
  expect(await who('PL-0001/pos1', 'drawer-stuck')).toMatchObject({
    team: 'acme',
    partner: 'acme',
    contract: 'gold',
    steps: ['drawer opens'],
    limits_ms: { reaction: 300_000, fix: 14_400_000 },
    row: { line: 8 },
    passed: [],
  })
  expect(await who('PL-0001/pos2', 'drawer-stuck')).toMatchObject({
    team: 'till-desk',
    partner: null,
    row: { line: 9 },
    passed: [{ line: 8, why: 'its vendor is acme, not none' }],
  })
  await expect(who('PL-0001/pos2', 'drawer-stuk')).rejects.toMatchObject({
    diagnostics: [{ code: 'RESPONSIBILITY_INVALID', hint: 'did you mean "drawer-stuck"?' }],
  })
  const { loaded } = project.settings.responsibility(project.root)
  if (!loaded) throw new Error('There is no matrix.')
  const duties = new Duties(fleet, loaded)
  const storm = incidentOpening({ fleet, duties }, callOfStorm('More than 3: nothing is done by itself.'))
  expect(storm).toMatchObject({ team: 'till-desk', title: 'More than 3.', terms: { contract: null } })
  const call = { key: 'k', origin: 'episode', severity: '', title: '', store: null, by: '' } as const
  const fault = { ...call, fault: 'worked-out', broader: 'drawer-stuck', device: 'PL-0001/pos2' }
  const opening = incidentOpening({ fleet, duties }, fault, new Date('2026-12-01T00:00:00Z'))
  expect(opening).toMatchObject({ fault: 'worked-out', team: 'till-desk', region: 'north', store: 'PL-0001' })
  expect(opening.terms.trading).toMatchObject({
    time_zone: 'Europe/Warsaw',
    hours: { week: { fri: ['09:00-17:00'], sat: [] }, exceptions: { '2026-12-25': [], '2026-12-26': [] } },
  })
})
