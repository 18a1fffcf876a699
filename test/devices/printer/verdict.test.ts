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
}

const ALL: readonly Findings[] = ANSWERS.flatMap((reach) =>
  ANSWERS.flatMap((protocol) =>
    ANSWERS.flatMap((work) =>
      ANSWERS.flatMap((link) =>
        ANSWERS.flatMap((ready) =>
          Object.values(KINDS).flatMap((conditions) =>
            [true, false].flatMap((busy) =>
              [true, false].map((sells) => ({
                reach,
                protocol,
                work,
                link,
                ready,
                conditions,
                busy,
                sells,
                isExpected: true,
              })),
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

  it('never calls what is unknown healthy', () => {
    for (const findings of ALL) {
      const { fault, can_issue } = judge(findings)
      const { protocol, work, reach } = findings
      const isProven = protocol === 'yes' || (work === 'yes' && reach === 'yes')
      if (fault === 'none') expect({ ...findings, isProven }).toMatchObject({ isProven: true })
      if (can_issue === 'yes') expect(work === 'yes' || (protocol === 'yes' && findings.ready === 'yes')).toBe(true)
    }
  })

  it('never calls a printer sick on which receipts are being printed', () => {
    for (const findings of ALL) {
      if (findings.work !== 'yes' || findings.reach !== 'yes' || findings.protocol === 'no') continue
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
      isExpected: true,
    } as const
    const ready = kind === 'blocked' ? 'no' : 'yes'
    const verdict = judge({ ...common, ready, conditions, sells: true })
    expect(verdict).toMatchObject({ fault: kind === 'blocked' ? 'sale-blocked' : 'attention-soon', cause: name })
    expect(verdict.can_issue).toBe(ready)
    expect(verdict.remedy).toBeTruthy()
  })
})
