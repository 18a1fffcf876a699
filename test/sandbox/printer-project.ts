import { readFileSync } from 'node:fs'
import { TestProject } from '../cli/project.ts'

const KINDS: Readonly<Record<string, string>> = {
  escpos: 'receipt-printer',
  zebra: 'label-printer',
  cpcl: 'label-printer',
  dpl: 'label-printer',
  epl: 'label-printer',
  sbpl: 'label-printer',
  pjl: 'office-printer',
  ipp: 'office-printer',
  snmp: 'office-printer',
}
const FISCAL = 'fiscal-printer'

/** A printer of the project: its name in the store, what it speaks, and what else its description says. */
export interface SomePrinter {
  readonly name: string
  readonly protocol: string
  readonly says?: string
}

/** What machines are told of one printer. */
export interface CheckedPrinter {
  readonly device: string
  readonly state: string
  readonly unknown?: boolean
  readonly classification?: {
    readonly fault: string
    readonly severity: string
    readonly owner?: string
    readonly remedy?: string
    readonly about?: string
  }
  readonly steps: readonly { readonly state: string; readonly value?: Readonly<Record<string, unknown>> }[]
}

export interface CheckResult {
  readonly devices: readonly CheckedPrinter[]
  readonly findings: readonly { readonly fault: string; readonly count: number; readonly about?: string }[]
}

/** A repository of one store with these printers, whose shop never closes, and the runbook that is shipped. */
export function printerProject(printers: readonly SomePrinter[]): TestProject {
  const devices = printers.map(({ name, protocol, says = '' }, at) => {
    const kind = KINDS[protocol] ?? FISCAL
    const about = `vendor: acme, model: M1, ${says}`
    const vars =
      kind === FISCAL
        ? `{fiscal: {protocol: ${protocol}, unique_number: ABC1234567890, ${about}}}`
        : `{printer: {language: ${protocol}, serial_number: S100, ${about}}}`
    return `      ${name}: {profile: ${kind}, address: 10.0.${at >> 8}.${at & 255}, vars: ${vars}}`
  })
  const kinds = [...new Set([...Object.values(KINDS), FISCAL])]
  const inventory = `fleet:
  name: Test
  time_zone: Europe/Warsaw
profiles:
${kinds.map((kind) => `  ${kind}: {kind: ${kind}, os: {family: none}, transport: {type: none}}`).join('\n')}
regions:
  north: {name: North}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 00:00-24:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${devices.join('\n')}
`
  return new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'inventory/fleet.yaml': inventory,
    'runbooks/printer-check.yaml': readFileSync('runbooks/printer-check.yaml', 'utf8'),
  })
}

/** `till plan printer-check --sandbox --json`. */
export async function check(project: TestProject, ...more: string[]): Promise<CheckResult> {
  const { stdout, stderr } = await project.till('plan', 'printer-check', '--sandbox', '--json', ...more)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as CheckResult
}

/** One printer of a result. */
export function printerIn(result: CheckResult, name: string): CheckedPrinter {
  const found = result.devices.find(({ device }) => device === `PL-0001/${name}`)
  if (!found) throw new Error(`There is no ${name} in the result.`)
  return found
}
