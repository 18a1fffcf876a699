import { presentable } from '../../core/change.ts'
import { foldRun } from '../../core/fold-run.ts'
import { DEVICE_STATES, WORST_STATES_FIRST } from '../../core/outcome.ts'
import type { Report, ReportChart, ReportRow } from '../../core/report.ts'
import { RUN_REPORT } from '../../core/report-forms.ts'
import type { DeviceRecord, RunSummary, StepRecord } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { hereFlag } from '../project.ts'

/** Bars of a chart. */
const MOST_BARS = 15
/** Of what differs on a device, so much stands in a line. */
const LONGEST_TEXT = 2_000
const TELLING: ReadonlySet<StepRecord['state']> = new Set(['drifted', 'changed', 'unmet', 'failed', 'unknown'])

/** A run, device by device, the worst first: what somebody attaches to a ticket. `zone`: by whose clocks times are written. */
export async function runReport(
  store: RunStore,
  run: RunSummary,
  { zone, now, isSandbox }: { readonly zone: string; readonly now: Date; readonly isSandbox: boolean },
): Promise<Report> {
  const record = await foldRun(store.events(run.run), { ended: run.state !== 'running' })
  const devices = [...record.devices.values()]
  const rank = ({ state }: DeviceRecord): number => WORST_STATES_FIRST.indexOf(state)
  devices.sort((a, b) => rank(a) - rank(b) || (a.device < b.device ? -1 : 1))
  return {
    form: RUN_REPORT,
    since: run.started_at,
    until: run.finished_at ?? now.toISOString(),
    made_at: now.toISOString(),
    zone,
    by: null,
    of: null,
    notes: notesOf(run, record.targets.length, isSandbox),
    rows: devices.map(rowOf),
    total: null,
    charts: chartsOf(devices),
  }
}

function notesOf(
  { run, mode, runbooks, by, state, exit_code, devices }: RunSummary,
  targets: number,
  isSandbox: boolean,
): string[] {
  const end = state === 'finished' ? `It ended with exit code ${exit_code}.` : `It is ${state}.`
  const left = Math.max(0, targets - devices)
  return [
    `Run ${run}: ${mode} ${runbooks.join(', ')}, by ${by}. ${end}`,
    ...(left > 0 ? [`${left} of its devices have no end yet.`] : []),
    `All of it: till runs show ${run}${hereFlag({ isSandbox })}`,
  ]
}

function rowOf({ device, store, state, failure, classification, steps, duration_ms }: DeviceRecord): ReportRow {
  const told = steps.filter((step) => TELLING.has(step.state))
  const text = told.map(stepText).join('; ')
  return {
    device,
    store,
    state,
    phase: failure?.phase ?? null,
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    fault: classification?.cause ?? classification?.fault ?? null,
    remedy: classification?.remedy ?? null,
    what: text === '' ? null : text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text,
    took_s: Math.round(duration_ms / 1000),
  }
}

/** `config: listen: 8080 → 8443`; of texts of several lines, that they differ. */
function stepText({ name, state, changes, failure, reason }: StepRecord): string {
  const parts = (changes ?? []).map((change) => {
    const { path, before, after } = presentable(change)
    const side = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'))
    const isLong = [before, after].some((value) => side(value).includes('\n') || side(value).length > 120)
    return isLong ? `${path} differs` : `${path}: ${side(before)} → ${side(after)}`
  })
  const why = failure?.message ?? reason
  return `${name} (${state})${parts.length > 0 ? `: ${parts.join(', ')}` : why ? `: ${why}` : ''}`
}

function chartsOf(devices: readonly DeviceRecord[]): ReportChart[] {
  const states = DEVICE_STATES.map((state) => ({
    label: state,
    value: devices.filter((one) => one.state === state).length,
  }))
  const reasons = new Map<string, number>()
  for (const { failure, classification } of devices) {
    const reason = classification?.cause ?? classification?.fault ?? failure?.code
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const points = [...reasons].map(([label, value]) => ({ label, value })).sort((a, b) => b.value - a.value)
  return [
    { title: 'Devices by state', kind: 'bars', type: 'count', points: states.filter(({ value }) => value > 0) },
    ...(points.length === 0
      ? []
      : [
          {
            title: 'Reasons, the most frequent',
            kind: 'bars',
            type: 'count',
            points: points.slice(0, MOST_BARS),
          } satisfies ReportChart,
        ]),
  ]
}
