import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestProject } from '../cli/project.ts'
import { type CheckResult, check, printerIn, printerProject } from './printer-project.ts'
import { canIsolate } from './sandboxes.ts'

/**
 * protocol, its faults (`a+b`; `:150ms` for a slow line), then what has to be said: fault, cause, owner, can a receipt be
 * issued. Rows that begin with * are asked thoroughly.
 */
const TABLE = `
  escpos      paper-out               sale-blocked      paper-out             store            no
  escpos      cover-open              sale-blocked      cover-open            store            no
  escpos      cutter-error            sale-blocked      cutter-error          printer-service  no
  escpos      mechanism-error         sale-blocked      unrecoverable-error   printer-service  no
  escpos      paper-low               attention-soon    paper-low             store            yes
  escpos      printer-garbage         printer-down      -                     store            unknown
  escpos      printer-hung            printer-down      -                     store            unknown
  escpos      printer-silent          not-known         -                     till-support     unknown
  escpos      printer-busy            not-known         -                     monitoring       unknown
  escpos      refused                 not-known         -                     till-support     unknown
  escpos      blackhole               not-known         -                     till-support     unknown
  escpos      reset-connect           not-known         -                     monitoring       unknown
  escpos      paper-low:150ms         attention-soon    paper-low             store            yes
  escpos      paper-low+cover-open    sale-blocked      cover-open            store            no
  zebra       paper-out               printer-blocked   paper-out             store            no
  zebra       cover-open              printer-blocked   head-open             store            no
  zebra       cutter-error            printer-blocked   cutter-error          printer-service  no
  zebra       mechanism-error         printer-blocked   mechanism-error       printer-service  no
  zebra       paper-low               attention-soon    paper-low             store            yes
  zebra       printer-garbage         printer-down      -                     store            unknown
  zebra       printer-hung            printer-down      -                     store            unknown
  zebra       printer-silent          not-known         -                     till-support     unknown
  zebra       printer-busy            not-known         -                     monitoring       unknown
  zebra       refused                 not-known         -                     till-support     unknown
  sbpl        paper-out               printer-blocked   paper-out             store            no
  sbpl        cover-open              printer-blocked   head-open             store            no
  sbpl        mechanism-error         printer-blocked   mechanism-error       printer-service  no
  sbpl        printer-garbage         printer-down      -                     store            unknown
  dpl         paper-out               printer-blocked   paper-out             store            no
  dpl         cover-open              printer-blocked   head-open             store            no
  dpl         mechanism-error         printer-blocked   mechanism-error       printer-service  no
  dpl         printer-garbage         printer-down      -                     store            unknown
  cpcl        paper-out               printer-blocked   paper-out             store            no
  cpcl        cover-open              printer-blocked   cover-open            store            no
  cpcl        printer-garbage         printer-down      -                     store            unknown
  epl         paper-out               printer-blocked   paper-out             store            no
  epl         cover-open              printer-blocked   head-open             store            no
  epl         printer-garbage         printer-down      -                     store            unknown
  pjl         paper-out               printer-blocked   paper-out             store            no
  pjl         cover-open              printer-blocked   cover-open            store            no
  pjl         cutter-error            printer-blocked   paper-jam             store            no
  pjl         mechanism-error         printer-blocked   unrecoverable-error   printer-service  no
  pjl         paper-low               attention-soon    paper-low             store            yes
  pjl         printer-garbage         printer-down      -                     store            unknown
  pjl         printer-hung            printer-down      -                     store            unknown
  pjl         printer-silent          not-known         -                     till-support     unknown
  pjl         printer-busy            not-known         -                     monitoring       unknown
  ipp         paper-out               printer-blocked   paper-out             store            no
  ipp         cover-open              printer-blocked   cover-open            store            no
  ipp         cutter-error            printer-blocked   cutter-error          printer-service  no
  ipp         mechanism-error         printer-blocked   mechanism-error       printer-service  no
  ipp         paper-low               attention-soon    paper-low             store            yes
  ipp         wrong-identity          other-printer     -                     till-support     unknown
  ipp         printer-garbage         printer-down      -                     store            unknown
  ipp         printer-hung            printer-down      -                     store            unknown
  ipp         printer-silent          printer-down      -                     store            unknown
  ipp         printer-busy            not-known         -                     monitoring       unknown
  ipp         refused                 printer-down      -                     store            unknown
  ipp         blackhole               not-known         -                     till-support     unknown
  ipp         reset-connect           printer-down      -                     store            unknown
  snmp        paper-out               printer-blocked   paper-out             store            no
  snmp        cover-open              printer-blocked   cover-open            store            no
  snmp        paper-low               attention-soon    paper-low             store            yes
  snmp        wrong-identity          other-printer     -                     till-support     unknown
  snmp        printer-silent          not-known         -                     till-support     unknown
  snmp        printer-garbage         not-known         -                     till-support     unknown
  snmp        blackhole               not-known         -                     till-support     unknown
  snmp        paper-out:150ms         printer-blocked   paper-out             store            no
  thermal     paper-out               sale-blocked      paper-out             store            no
  thermal     cover-open              sale-blocked      paper-out             store            no
  thermal     cutter-error            sale-blocked      mechanism-error       printer-service  no
  thermal     mechanism-error         sale-blocked      mechanism-error       printer-service  no
  thermal     receipt-open            none              -                     -                yes
  thermal     printer-garbage         printer-down      -                     store            unknown
  thermal     printer-hung            printer-down      -                     store            unknown
  thermal     printer-silent          not-known         -                     till-support     unknown
  thermal     printer-busy            not-known         -                     monitoring       unknown
  posnet      paper-out               sale-blocked      paper-out             store            no
  posnet      cover-open              sale-blocked      cover-open            store            no
  posnet      cutter-error            sale-blocked      cutter-error          printer-service  no
  posnet      mechanism-error         sale-blocked      mechanism-error       printer-service  no
  posnet      paper-low               attention-soon    paper-low             store            yes
  posnet      receipt-open            none              -                     -                yes
  posnet      no-receipts             silent-printer    -                     till-support     unknown
  posnet      transmission-failing    attention-soon    transmission-failing  fiscal-service   yes
  posnet      day-not-closed          sale-blocked      day-not-closed        store            no
  posnet      wrong-identity          other-printer     -                     till-support     unknown
  posnet      printer-garbage         printer-down      -                     store            unknown
  posnet      printer-hung            printer-down      -                     store            unknown
  posnet      printer-silent          printer-down      -                     store            unknown
  posnet      printer-busy            none              -                     -                yes
  posnet      refused                 printer-down      -                     store            unknown
  posnet      blackhole               not-known         -                     till-support     unknown
  posnet      reset-connect           not-known         -                     monitoring       unknown
  posnet      cover-open:150ms        sale-blocked      cover-open            store            no
* posnet      certificate-expired     attention-soon    certificate-expired   fiscal-service   yes
* posnet      certificate-expiring    attention-soon    certificate-expiring  fiscal-service   yes
* posnet      licence-expired         attention-soon    licence-expired       fiscal-service   yes
* posnet      no-receipts+licence-expired  sale-blocked  licence-expired      fiscal-service   no
* posnet      no-receipts+certificate-expired  sale-blocked  certificate-expired  fiscal-service  no
* posnet      documents-unsent        attention-soon    documents-unsent      fiscal-service   yes
* posnet      fiscal-memory-full      attention-soon    fiscal-memory-full    fiscal-service   yes
* posnet      no-receipts+fiscal-memory-full  sale-blocked  fiscal-memory-full  fiscal-service  no
* posnet      protected-memory-full   attention-soon    protected-memory-full fiscal-service   yes
* posnet      protected-memory-full+paper-out  sale-blocked  paper-out         store            no
* posnet      inspection-due          attention-soon    inspection-due        fiscal-service   yes
* posnet      clock-wrong             attention-soon    clock-skewed          fiscal-service   yes
  posnet      clock-wrong             attention-soon    clock-skewed          fiscal-service   yes
  posnet      clock-wrong+waiting-for-user  sale-blocked  waiting-for-user    store            no
  posnet      waiting-for-user        sale-blocked      waiting-for-user      store            no
  posnet      storage-dead            sale-blocked      unrecoverable-error   printer-service  no
  posnet      no-receipts+storage-dead  sale-blocked    unrecoverable-error   printer-service  no
  shtrih      paper-out               sale-blocked      paper-out             store            no
  shtrih      cover-open              attention-soon    cover-open            store            yes
  shtrih      no-receipts+cover-open  sale-blocked      cover-open            store            no
  shtrih      receipt-open            none              -                     -                yes
  shtrih      no-receipts             silent-printer    -                     till-support     unknown
  shtrih      certificate-expiring    attention-soon    storage-expiring      fiscal-service   yes
  shtrih      documents-unsent        attention-soon    documents-unsent      fiscal-service   yes
  shtrih      fiscal-memory-low       attention-soon    fiscal-memory-low     fiscal-service   yes
  shtrih      day-not-closed          sale-blocked      day-not-closed        store            no
  shtrih      printer-garbage         printer-down      -                     store            unknown
  shtrih      printer-hung            printer-down      -                     store            unknown
  shtrih      printer-silent          not-known         -                     till-support     unknown
  shtrih      printer-busy            not-known         -                     monitoring       unknown
* shtrih      clock-wrong             attention-soon    clock-skewed          fiscal-service   yes
  shtrih      waiting-for-user        sale-blocked      waiting-for-user      store            no
  shtrih      storage-dead            sale-blocked      unrecoverable-error   printer-service  no
  shtrih      storage-critical        attention-soon    storage-locked        fiscal-service   yes
  shtrih      waiting-for-user+storage-critical  sale-blocked  waiting-for-user  store           no
  shtrih      storage-closed          sale-blocked      storage-locked        fiscal-service   no
  shtrih      unknown-error           not-known         other-error           store            unknown
  datecs      paper-out               sale-blocked      paper-out             store            no
  tremol      paper-out               sale-blocked      paper-out             store            no
* tremol      fiscal-memory-full      sale-blocked      fiscal-memory-full    fiscal-service   no
  epson-fp    paper-low               attention-soon    paper-low             store            yes
* epson-fp    certificate-expired     sale-blocked      certificate-expired   fiscal-service   no
  epson-fp    printer-busy            not-known         other-error           store            unknown
  datecs-x    cover-open              sale-blocked      cover-open            store            no
  datecs      printer-busy            not-known         -                     monitoring       unknown
  daisy       printer-busy            not-known         -                     monitoring       unknown
  novitus-xml paper-out               sale-blocked      paper-out             store            no
  novitus-xml cover-open              sale-blocked      mechanism-error       printer-service  no
  novitus-xml mechanism-error         sale-blocked      mechanism-error       printer-service  no
  novitus-xml paper-low               attention-soon    paper-low             store            yes
  novitus-xml receipt-open            none              -                     -                yes
  novitus-xml no-receipts             silent-printer    -                     till-support     unknown
  novitus-xml documents-unsent        attention-soon    documents-unsent      fiscal-service   yes
  novitus-xml transmission-failing    attention-soon    transmission-failing  fiscal-service   yes
  novitus-xml printer-garbage         printer-down      -                     store            unknown
  novitus-xml printer-hung            printer-down      -                     store            unknown
  novitus-xml printer-silent          printer-down      -                     store            unknown
  novitus-xml printer-busy            not-known         -                     monitoring       unknown
* novitus-xml fiscal-memory-full      attention-soon    fiscal-memory-full    fiscal-service   yes
* novitus-xml fiscal-memory-low       attention-soon    fiscal-memory-low     fiscal-service   yes
* novitus-xml protected-memory-full   attention-soon    protected-memory-full fiscal-service   yes
  noviapi     paper-out               sale-blocked      other-error           store            no
  noviapi     cover-open              sale-blocked      other-error           store            no
  noviapi     mechanism-error         sale-blocked      other-error           store            no
  noviapi     receipt-open            none              -                     -                unknown
  noviapi     printer-garbage         printer-down      -                     store            unknown
  noviapi     printer-hung            printer-down      -                     store            unknown
  noviapi     printer-silent          printer-down      -                     store            unknown
  noviapi     printer-busy            none              -                     -                unknown
  noviapi     blackhole               not-known         -                     till-support     unknown
* noviapi     fiscal-memory-full      sale-blocked      fiscal-memory-full    fiscal-service   no
* noviapi     fiscal-memory-low       attention-soon    fiscal-memory-low     fiscal-service   yes
* noviapi     protected-memory-full   sale-blocked      protected-memory-full fiscal-service   no
* noviapi     wrong-identity          other-printer     -                     till-support     unknown
  atol        paper-out               sale-blocked      paper-out             store            no
  atol        cover-open              sale-blocked      cover-open            store            no
  atol        mechanism-error         sale-blocked      device-blocked        printer-service  no
  atol        day-not-closed          sale-blocked      day-not-closed        store            no
  atol        documents-unsent        attention-soon    documents-unsent      fiscal-service   yes
  atol        transmission-failing    attention-soon    transmission-failing  fiscal-service   yes
  atol        storage-critical        sale-blocked      storage-locked        fiscal-service   no
  atol        storage-closed          sale-blocked      storage-locked        fiscal-service   no
  atol        clock-wrong             attention-soon    clock-skewed          fiscal-service   yes
  atol        printer-garbage         printer-down      -                     store            unknown
  atol        printer-hung            printer-down      -                     store            unknown
  atol        printer-silent          printer-down      -                     store            unknown
  atol        printer-busy            none              -                     -                unknown
* atol        fiscal-memory-low       attention-soon    fiscal-memory-low     fiscal-service   yes
* atol        licence-expired         sale-blocked      storage-locked        fiscal-service   no
`

interface Row {
  readonly name: string
  readonly protocol: string
  readonly faults: string
  readonly slow: string | undefined
  readonly thorough: boolean
  readonly says: string
}

const ROWS: readonly Row[] = TABLE.trim()
  .split('\n')
  .map((line, at) => {
    const [protocol = '', fault = '', ...says] = line.replace('*', ' ').trim().split(/\s+/)
    const [faults = '', slow] = fault.split(':')
    return { name: `r${at}`, protocol, faults, slow, thorough: line.startsWith('*'), says: says.join(' ') }
  })

const title = ({ protocol, faults, slow, says }: Row): string =>
  `${protocol} with ${faults}${slow === undefined ? '' : ` on a line of ${slow}`}: ${says}`

describe.skipIf(!canIsolate)('faults of printers in the sandbox', () => {
  let project: TestProject
  const results: { quick?: CheckResult; thorough?: CheckResult } = {}
  beforeAll(async () => {
    project = printerProject(ROWS)
    const faults = ROWS.flatMap(({ name, faults: all, slow }) => [
      '--fault',
      `${all}=PL-0001/${name}`,
      ...(slow === undefined ? [] : ['--fault', `slow:${slow}=PL-0001/${name}`]),
    ])
    const up = await project.till('sandbox', 'up', '--detach', ...faults)
    expect(up.stderr).not.toContain('error')
    const thorough = ROWS.filter((row) => row.thorough).flatMap(({ name }) => ['--device', `PL-0001/${name}`])
    results.quick = await check(project)
    results.thorough = await check(project, '--param', 'thorough=true', ...thorough)
  }, 120_000)
  afterAll(async () => {
    await project.till('sandbox', 'down')
    await project.remove()
  })

  test('there are at least sixty, of twenty protocols', () => {
    expect(new Set(ROWS.map(({ protocol, faults }) => `${protocol} ${faults}`)).size).toBeGreaterThanOrEqual(60)
    expect(new Set(ROWS.map(({ protocol }) => protocol)).size).toBe(20)
  })

  test.each(ROWS.map((row) => [title(row), row] as const))('%s', (_title, row) => {
    const result = row.thorough ? results.thorough : results.quick
    const found = printerIn(result as CheckResult, row.name)
    const { fault, cause, owner, can_issue } = found.steps[0]?.value ?? {}
    expect([fault, cause ?? '-', owner ?? '-', can_issue].join(' '), JSON.stringify(found.steps)).toBe(row.says)
    // What the classification says is what the step found, and what is not known is not shown as healthy.
    expect(found.classification?.fault ?? 'none').toBe(fault)
    const step = found.steps[0]?.state
    const stages = found.steps[0]?.value?.['stages'] as Record<string, { answer: string }>
    const isSeen = stages['protocol']?.answer === 'yes'
    const desired = { none: isSeen ? 'ok' : 'unknown', 'attention-soon': 'ok', 'not-known': 'unknown' }
    expect(step).toBe(desired[String(fault) as keyof typeof desired] ?? 'unmet')
  })
})
