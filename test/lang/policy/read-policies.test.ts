import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../../src/core/default-policy.ts'
import { loadProject } from '../../../src/lang/load-project.ts'
import { loadRunbook } from '../../../src/lang/load-runbook.ts'
import { loadCalendars } from '../../../src/lang/policy/load-calendars.ts'
import { MODULES } from '../../../src/modules/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-policy-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function load(text: string) {
  const file = join(folder, 'tillwright.yaml')
  writeFileSync(file, text)
  const { settings, diagnostics } = await loadProject(file)
  return {
    policies: settings?.policies,
    problems: diagnostics.map(({ code, summary, source }) => `${code} ${source?.line}:${source?.column} ${summary}`),
    settings,
  }
}

const HOUR = 60
const DAY_MS = 86_400_000

describe('policies', () => {
  test('are the default one where a repository says nothing', async () => {
    const { policies } = await load('{}\n')
    expect([...(policies ?? [])]).toEqual([['default', DEFAULT_POLICY]])
  })

  test('are read whole', async () => {
    const { policies, problems } = await load(`policies:
  nights:
    caps:
      - { name: region, per: [region], out: 5% }
      - { name: servers, kinds: [server], regions: [north], out: 2 }
    keep:
      - { name: lanes, where: "'card' in device.tags", working: 50%, seen_within: 2h }
    freezes:
      - { name: christmas, from: 2026-12-20, to: 2027-01-02, why: trade }
      - { name: audit, from: "2026-11-01 06:00", to: "2026-11-01 18:30", why: audit }
    rollout:
      windows:
        - { name: nights, hours: 22:00-05:00, days: [mon-thu, sun] }
        - { name: closed, closed: true, margin: 30m }
        - { name: plan, calendar: calendars/plan.ics }
      waves: { unit: device, canary: 5, canary_at_most: 20, shares: [10%, 100%], soak: 1h, pause: always, max_failures: [3] }
      max_failures: 7
      approval: { people: 2, four_eyes: false, valid: 2h, each: wave }
      confirm_share: 5%
    repair: { devices: 3, waves: false }
    dependents: { server: [till, vending] }
    breakers: [{ failures: 5, within: 10m }]
    rollback: { at_once: 2, stop_after: 1 }
    guess: { change: 1m, proof: 2m, rollback: 3m }
    back_at_once: 9
`)
    expect(problems).toEqual([])
    expect(policies?.get('nights')).toEqual({
      name: 'nights',
      caps: [
        { name: 'region', per: ['region'], out: { share: 0.05 } },
        { name: 'servers', per: [], kinds: ['server'], regions: ['north'], out: { count: 2 } },
      ],
      groups: [{ name: 'lanes', where: "'card' in device.tags", keep: { share: 0.5 }, seenWithinMs: 7_200_000 }],
      freezes: [
        {
          name: 'christmas',
          why: 'trade',
          when: { type: 'dates', from: Date.UTC(2026, 11, 20), to: Date.UTC(2027, 0, 3) },
        },
        {
          name: 'audit',
          why: 'audit',
          when: { type: 'dates', from: Date.UTC(2026, 10, 1, 6), to: Date.UTC(2026, 10, 1, 18, 30) },
        },
      ],
      rollout: {
        windows: [
          [
            { name: 'nights', when: { type: 'weekly', days: [0, 1, 2, 3, 4], from: 22 * HOUR, to: 29 * HOUR } },
            { name: 'closed', when: { type: 'closed', marginMs: 1_800_000 } },
            { name: 'plan', when: { type: 'calendar', calendar: 'calendars/plan.ics' } },
          ],
        ],
        waves: {
          ...{ unit: 'device', canary: 5, canaryAtMost: 20, shares: [0.1, 1] },
          ...{ soakMs: 3_600_000, pause: 'always', maxFailures: [{ count: 3 }] },
        },
        maxFailures: 7,
        approval: { people: 2, fourEyes: false, validMs: 7_200_000, each: 'wave' },
        confirmShare: 0.05,
        guards: [],
      },
      repair: { ...DEFAULT_POLICY.repair, devices: 3 },
      dependents: { server: ['till', 'vending'] },
      breakers: [{ failures: 5, withinMs: 600_000 }],
      rollback: { atOnce: 2, stopAfter: 1 },
      guess: { changeMs: 60_000, proofMs: 120_000, rollbackMs: 180_000 },
      backAtOnce: 9,
    })
  })

  test('have from `default` what they leave out, and from Tillwright what that leaves out', async () => {
    const { policies } = await load(
      'policies:\n  default: { back_at_once: 7, rollback: { at_once: 1 } }\n  other: { caps: [] }\n',
    )
    expect(policies?.get('other')).toEqual({
      ...DEFAULT_POLICY,
      name: 'other',
      caps: [],
      backAtOnce: 7,
      rollback: { ...DEFAULT_POLICY.rollback, atOnce: 1 },
    })
  })

  const inWindow = (text: string): string =>
    `policies:\n  p:\n    rollout:\n      windows:\n        - { name: w, ${text} }\n`

  test.each([
    [inWindow('closed: true, hours: 22:00-05:00'), 'POLICY_INVALID 5:22 "hours" and "closed" both say when'],
    [inWindow('kinds: [till]'), 'POLICY_INVALID 5:11 "w" does not say when'],
    [inWindow('hours: 24:00-05:00'), 'POLICY_INVALID 5:29 "24:00-05:00" are no hours'],
    [inWindow('hours: 05:00-05:00'), 'POLICY_INVALID 5:29 "05:00-05:00" are no hours'],
    [inWindow('closed: true, days: [mon]'), 'POLICY_INVALID 5:36 "days" says nothing here'],
    [inWindow('hours: 01:00-02:00, margin: 5m'), 'POLICY_INVALID 5:42 "margin" says nothing here'],
    [inWindow('from: 2026-02-30, to: 2026-03-01'), 'POLICY_INVALID 5:28 There is no "2026-02-30"'],
    [inWindow('from: 2026-03-02, to: 2026-03-01'), 'POLICY_INVALID 5:44 "2026-03-01" is not after "2026-03-02"'],
    [inWindow('from: 2026-03-02'), 'POLICY_INVALID 5:22 "from" stands without "to"'],
    [inWindow('to: 2026-03-02'), 'POLICY_INVALID 5:22 "to" stands without "from"'],
    [inWindow('closed: true, where: device.knd == 1'), 'EXPRESSION_INVALID 5:50 device has no "knd"'],
    [
      'policies: { p: { caps: [{ name: a, out: 1 }, { name: a, out: 2 }] } }',
      'POLICY_INVALID 1:54 Two entries are named "a"',
    ],
    [
      'policies: { p: { rollout: { waves: { shares: [50%, 10%, 100%] } } } }',
      'POLICY_INVALID 1:46 The shares do not grow to 100%',
    ],
    [
      'policies: { p: { rollout: { waves: { shares: [50%] } } } }',
      'POLICY_INVALID 1:46 The shares do not grow to 100%',
    ],
    [
      'policies: { p: { rollout: { waves: { canary: 9, canary_at_most: 3 } } } }',
      'POLICY_INVALID 1:65 The first wave may not be as large as it is',
    ],
    [
      'assignments:\n  - { runbook: a, policy: nigths }\npolicies: { nights: {} }',
      'POLICY_UNKNOWN 2:27 There is no policy "nigths"',
    ],
  ])('%# that cannot be are told with their places', async (text, problem) => {
    expect((await load(`${text}\n`)).problems).toEqual([problem])
  })

  test.each([
    'policies: { Nights: {} }',
    'policies: { p: { caps: [{ name: a, out: 101% }] } }',
    'policies: { p: { caps: [{ name: a, out: -1 }] } }',
    'policies: { p: { caps: [{ name: a, out: 1, per: [shop] }] } }',
    'policies: { p: { freezes: [{ name: a, from: 2026-01-01, to: 2026-01-02 }] } }',
    'policies: { p: { repair: { windows: [{ name: a, hours: night }] } } }',
    'policies: { p: { rollout: { waves: true } } }',
    'policies: { p: { guess: { change: soon } } }',
    'policies: { p: { break_glass: true } }',
  ])('of another form are refused: %s', async (text) => {
    const { problems } = await load(`${text}\n`)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^SCHEMA_/)
  })

  test('are asked for by assignments and runbooks', async () => {
    const { settings } = await load('assignments:\n  - { runbook: a, policy: nights }\npolicies: { nights: {} }\n')
    expect(settings?.assignments[0]?.policy).toBe('nights')
    const file = join(folder, 'a.yaml')
    writeFileSync(file, 'policy: nigths\npurpose: repair\nsteps: [{ service: { name: agent, state: running } }]\n')
    const asked = loadRunbook(file, { modules: MODULES })
    expect(asked.runbook).toMatchObject({ policy: 'nigths', purpose: 'repair' })
    const checked = loadRunbook(file, { modules: MODULES, policies: ['default', 'nights'] })
    expect(checked.diagnostics).toMatchObject([
      {
        code: 'POLICY_UNKNOWN',
        summary: 'There is no policy "nigths"',
        hint: 'did you mean "nights"?',
        source: { line: 1, column: 9 },
      },
    ])
  })

  test('days run to their end, by any order of groups', async () => {
    const { policies } = await load(inWindow('hours: 00:00-24:00, days: [sat-mon, tue]'))
    expect(policies?.get('p')?.rollout.windows[0]?.[0]?.when).toEqual({
      type: 'weekly',
      days: [0, 1, 2, 6],
      from: 0,
      to: 24 * HOUR,
    })
    expect(DAY_MS).toBe(24 * HOUR * 60_000)
  })
})

describe('calendars of policies', () => {
  test('are read by their names; those that cannot be used are told', async () => {
    const text = (name: string): string => `policies: { p: { freezes: [{ name: f, why: x, calendar: ${name} }] } }\n`
    writeFileSync(join(folder, 'ok.ics'), 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n')
    writeFileSync(join(folder, 'bad.ics'), 'nothing')
    const names = await Promise.all(
      ['ok.ics', 'bad.ics', 'gone.ics'].map(async (name) => {
        const { policies } = await load(text(name))
        const { calendars, diagnostics } = loadCalendars(policies?.values() ?? [], folder)
        return [...calendars.keys(), ...diagnostics.map(({ code }) => code)]
      }),
    )
    expect(names).toEqual([['ok.ics'], ['CALENDAR_INVALID'], ['FILE_UNREADABLE']])
  })
})
