import { describe, expect, it } from 'vitest'
import { type Answer, CONDITIONS, type Condition, type ConditionName } from '../../../src/devices/printer/reading.ts'
import { type Findings, judge } from '../../../src/devices/printer/verdict.ts'

const ANSWERS: readonly Answer[] = ['yes', 'no', 'unknown']
const said = (name: ConditionName): readonly Condition[] => [{ name, evidence: 'said so' }]
const KINDS: Readonly<Record<string, readonly Condition[]>> = {
  none: [],
  paper: said('paper-out'),
  papers: said('certificate-expired'),
  soon: said('paper-low'),
  unnamed: said('other-error'),
  doubtful: [{ name: 'cover-open', evidence: 'said so', doubtful: true }],
}
const LATELY = [true, false] as const

const ALL: readonly (Findings & { readonly isLately: boolean })[] = ANSWERS.flatMap((reach) =>
  ANSWERS.flatMap((protocol) =>
    ANSWERS.flatMap((work) =>
      ANSWERS.flatMap((link) =>
        ANSWERS.flatMap((ready) =>
          Object.values(KINDS).flatMap((conditions) =>
            [true, false].flatMap((busy) =>
              [true, false].flatMap((sells) =>
                LATELY.map((isLately) => ({
                  reach,
                  protocol,
                  work,
                  link,
                  ready,
                  conditions,
                  busy,
                  sells,
                  isLately,
                  soldSince: () => isLately,
                  isExpected: true,
                })),
              ),
            ),
          ),
        ),
      ),
    ),
  ),
)

describe('the truth table', () => {
  it('says what every combination of the three stages means', () => {
    const rows = ANSWERS.flatMap((reach) =>
      ANSWERS.flatMap((protocol) =>
        ANSWERS.map((work) => {
          const common = {
            reach,
            protocol,
            work,
            ready: 'yes',
            conditions: [],
            busy: false,
            sells: true,
            soldSince: () => false,
            isExpected: true,
          } as const
          const faults = ANSWERS.map((link) => judge({ ...common, link })).map((v) => `${v.fault}/${v.can_issue}`)
          const same = new Set(faults).size === 1
          return `${[reach, protocol, work].map((a) => a.padEnd(7)).join(' ')} ${same ? faults[0] : faults.join(' ')}`
        }),
      ),
    )
    // Columns: reach, protocol, work; fault/can_issue, with the link up, down and unknown where that matters.
    expect(`\n${rows.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      yes     yes     yes     none/yes
      yes     yes     no      silent-printer/unknown
      yes     yes     unknown none/yes
      yes     no      yes     monitoring-defect/yes
      yes     no      no      printer-down/no
      yes     no      unknown printer-down/unknown
      yes     unknown yes     none/yes
      yes     unknown no      silent-printer/unknown
      yes     unknown unknown not-known/unknown
      no      yes     yes     monitoring-defect/yes
      no      yes     no      silent-printer/unknown
      no      yes     unknown none/yes
      no      no      yes     monitoring-defect/yes
      no      no      no      printer-down/no link-down/unknown printer-down/no
      no      no      unknown printer-down/unknown link-down/unknown printer-down/unknown
      no      unknown yes     monitoring-defect/yes
      no      unknown no      printer-down/no link-down/unknown printer-down/no
      no      unknown unknown printer-down/unknown link-down/unknown printer-down/unknown
      unknown yes     yes     monitoring-defect/yes
      unknown yes     no      silent-printer/unknown
      unknown yes     unknown none/yes
      unknown no      yes     monitoring-defect/yes
      unknown no      no      printer-down/no link-down/unknown printer-down/no
      unknown no      unknown printer-down/unknown link-down/unknown printer-down/unknown
      unknown unknown yes     monitoring-defect/yes
      unknown unknown no      not-known/unknown link-down/unknown not-known/unknown
      unknown unknown unknown not-known/unknown link-down/unknown not-known/unknown
      "
    `)
  })

  it('says what becomes of an answer, by what it says of itself and by receipts', () => {
    const rows = Object.entries(KINDS).flatMap(([kind, conditions]) =>
      (['yes', 'unknown', 'no'] as const).flatMap((ready) =>
        (['yes', 'unknown'] as const).flatMap((work) =>
          LATELY.filter((isLately) => work === 'yes' || !isLately).map((isLately) => {
            const known = { reach: 'yes', protocol: 'yes', link: 'yes', busy: false, sells: true } as const
            const { fault, can_issue } = judge({
              ...known,
              ready,
              work,
              conditions,
              soldSince: () => isLately,
              isExpected: true,
            })
            const receipt = isLately ? 'lately' : work === 'yes' ? 'before' : 'unknown'
            return `${[kind, ready, receipt].map((word) => word.padEnd(8)).join(' ')} ${fault}/${can_issue}`
          }),
        ),
      ),
    )
    // Columns: what it says, whether it is ready, when the last receipt came; fault/can_issue.
    expect(`\n${rows.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      none     yes      lately   none/yes
      none     yes      before   none/yes
      none     yes      unknown  none/yes
      none     unknown  lately   none/yes
      none     unknown  before   none/yes
      none     unknown  unknown  not-known/unknown
      none     no       lately   attention-soon/yes
      none     no       before   sale-blocked/no
      none     no       unknown  sale-blocked/no
      paper    yes      lately   sale-blocked/no
      paper    yes      before   sale-blocked/no
      paper    yes      unknown  sale-blocked/no
      paper    unknown  lately   sale-blocked/no
      paper    unknown  before   sale-blocked/no
      paper    unknown  unknown  sale-blocked/no
      paper    no       lately   sale-blocked/no
      paper    no       before   sale-blocked/no
      paper    no       unknown  sale-blocked/no
      papers   yes      lately   attention-soon/yes
      papers   yes      before   sale-blocked/no
      papers   yes      unknown  sale-blocked/no
      papers   unknown  lately   attention-soon/yes
      papers   unknown  before   sale-blocked/no
      papers   unknown  unknown  sale-blocked/no
      papers   no       lately   attention-soon/yes
      papers   no       before   sale-blocked/no
      papers   no       unknown  sale-blocked/no
      soon     yes      lately   attention-soon/yes
      soon     yes      before   attention-soon/yes
      soon     yes      unknown  attention-soon/yes
      soon     unknown  lately   attention-soon/yes
      soon     unknown  before   attention-soon/yes
      soon     unknown  unknown  not-known/unknown
      soon     no       lately   attention-soon/yes
      soon     no       before   sale-blocked/no
      soon     no       unknown  sale-blocked/no
      unnamed  yes      lately   attention-soon/yes
      unnamed  yes      before   attention-soon/yes
      unnamed  yes      unknown  attention-soon/yes
      unnamed  unknown  lately   attention-soon/yes
      unnamed  unknown  before   not-known/unknown
      unnamed  unknown  unknown  not-known/unknown
      unnamed  no       lately   attention-soon/yes
      unnamed  no       before   sale-blocked/no
      unnamed  no       unknown  sale-blocked/no
      doubtful yes      lately   attention-soon/yes
      doubtful yes      before   sale-blocked/no
      doubtful yes      unknown  sale-blocked/no
      doubtful unknown  lately   attention-soon/yes
      doubtful unknown  before   sale-blocked/no
      doubtful unknown  unknown  sale-blocked/no
      doubtful no       lately   attention-soon/yes
      doubtful no       before   sale-blocked/no
      doubtful no       unknown  sale-blocked/no
      "
    `)
  })

  it('never calls what is unknown healthy', () => {
    for (const findings of ALL) {
      const { fault, can_issue } = judge(findings)
      const { protocol, work, reach, ready, busy } = findings
      const isProven = (protocol === 'yes' && (ready === 'yes' || busy)) || (work === 'yes' && reach === 'yes')
      if (fault === 'none') expect({ ...findings, isProven }).toMatchObject({ isProven: true })
      if (can_issue === 'yes') expect(work === 'yes' || (protocol === 'yes' && ready === 'yes')).toBe(true)
    }
  })

  it('never believes a receipt from before what the printer says of now', () => {
    for (const findings of ALL) {
      if (findings.protocol !== 'yes' || findings.isLately || findings.ready === 'yes') continue
      const isBlocked = findings.conditions.some(({ name }) => CONDITIONS[name] === 'blocked')
      if (isBlocked || findings.ready === 'no') expect(judge(findings).can_issue).toBe('no')
    }
  })

  it('never calls a printer sick on which receipts are being printed', () => {
    for (const findings of ALL) {
      if (findings.work !== 'yes' || findings.reach !== 'yes' || findings.protocol === 'no') continue
      if (findings.protocol === 'yes' && !findings.isLately) continue
      if (findings.conditions === KINDS['paper'] && findings.protocol === 'yes') continue
      expect(['none', 'attention-soon']).toContain(judge(findings).fault)
      expect(judge(findings).can_issue).toBe('yes')
    }
  })

  it('blames the way we ask, not the printer, while receipts arrive', () => {
    for (const findings of ALL) {
      if (findings.work !== 'yes' || findings.protocol === 'yes') continue
      expect(['none', 'monitoring-defect']).toContain(judge(findings).fault)
    }
  })

  it('blames the line of a store, not each of its printers', () => {
    for (const findings of ALL) {
      if (findings.link !== 'no' || findings.reach === 'yes' || findings.protocol === 'yes') continue
      if (findings.work !== 'yes') expect(judge(findings).fault).toBe('link-down')
    }
  })

  it('does not call a busy printer down', () => {
    for (const findings of ALL) {
      if (findings.busy && findings.reach === 'yes' && findings.protocol === 'unknown') {
        expect(judge(findings).fault).not.toBe('printer-down')
      }
    }
  })

  it('gives each fault an owner and a remedy, and health none', () => {
    for (const findings of ALL) {
      const { fault, owner, remedy, severity } = judge(findings)
      expect([owner === null, remedy === null, severity === 'none']).toEqual(Array(3).fill(fault === 'none'))
    }
  })

  it('says nothing of a printer that is another one', () => {
    for (const findings of ALL) {
      expect(judge({ ...findings, isExpected: false })).toMatchObject({ fault: 'other-printer', can_issue: 'unknown' })
    }
  })

  it.each(Object.entries(CONDITIONS))('%s is %s', (name, kind) => {
    const conditions = said(name as ConditionName)
    const common = {
      reach: 'yes',
      protocol: 'yes',
      work: 'unknown',
      link: 'yes',
      busy: false,
      soldSince: () => false,
      isExpected: true,
    } as const
    const ready = kind === 'blocked' ? 'no' : 'yes'
    const verdict = judge({ ...common, ready, conditions, sells: true })
    expect(verdict).toMatchObject({ fault: kind === 'blocked' ? 'sale-blocked' : 'attention-soon', cause: name })
    expect(verdict.can_issue).toBe(ready)
    expect(verdict.remedy).toBeTruthy()
  })
})
