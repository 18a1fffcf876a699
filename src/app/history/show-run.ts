import type { RunEvent } from '../../core/events.ts'
import { foldRun } from '../../core/fold-run.ts'
import { exitCodeOf } from '../../core/outcome.ts'
import type { Reporter } from '../../core/ports.ts'
import type { DeviceRecord, RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { recordedEvents } from '../../core/unfinished-run.ts'
import { createHistoryReporter } from '../../reporters/history.ts'
import { createJsonReporter } from '../../reporters/json.ts'
import { createNdjsonReporter } from '../../reporters/ndjson.ts'
import type { Output } from '../../reporters/output.ts'
import { hereFlag } from '../project.ts'

export interface ShowOptions {
  /** Only these devices. */
  readonly device?: readonly string[] | undefined
  /** Only devices that did not end as desired, drift left aside. */
  readonly failed: boolean
  readonly verbose: boolean
  readonly json: boolean
  readonly ndjson: boolean
  readonly sandbox: boolean
  readonly project?: string | undefined
}

/** Writes a run of the history to `output`. Resolves to how many of its devices the filter kept, if there was one. */
export async function showRun(
  store: RunStore,
  run: RunSummary,
  options: ShowOptions & { readonly output: Output },
): Promise<number | undefined> {
  const wanted = await wantedDevices(store, run, options)
  const reporter = reporterOf(run, options)
  const seen = new Set<string>()
  for await (const event of await told(store, run, options)) {
    if (!isWanted(event, wanted)) continue
    if ('device' in event && wanted) seen.add(event.device)
    if (event.type !== 'run.targets' || wanted === undefined) {
      await reporter.event(event)
      continue
    }
    const devices = event.devices.filter((device) => wanted.has(device))
    for (const device of devices) seen.add(device)
    if (devices.length > 0) await reporter.event({ ...event, devices })
  }
  await reporter.close()
  return wanted && seen.size
}

/** Of a run that was carried on, each device once, as it stands. */
async function told(
  store: RunStore,
  { run, state, resumed }: RunSummary,
  { ndjson }: ShowOptions,
): Promise<AsyncIterable<RunEvent> | Iterable<RunEvent>> {
  if (resumed === 0 || ndjson) return store.events(run)
  const record = await foldRun(store.events(run), { ended: state !== 'running' })
  const events = recordedEvents(record, { isTold: () => true, toCome: [] })
  return record.finished ? [...events, record.finished] : events
}

function reporterOf(run: RunSummary, options: ShowOptions & { readonly output: Output }): Reporter {
  const { output, failed, device, verbose } = options
  if (options.ndjson) return createNdjsonReporter(output)
  if (options.json) return createJsonReporter(output, { goesOn: run.state === 'running' })
  return createHistoryReporter(output, {
    run,
    verbose,
    inSync: verbose || device !== undefined,
    partial: failed || device !== undefined,
    flags: hereFlag({ isSandbox: options.sandbox, root: options.project }).trim(),
  })
}

function isWanted(event: RunEvent, wanted: ReadonlySet<string> | undefined): boolean {
  return wanted === undefined || !('device' in event) || wanted.has(event.device)
}

async function wantedDevices(
  store: RunStore,
  run: RunSummary,
  { device, failed }: ShowOptions,
): Promise<ReadonlySet<string> | undefined> {
  if (!failed) return device && new Set(device)
  const record = await foldRun(store.events(run.run), { ended: run.state !== 'running' })
  const names = [...record.devices.values()].filter(hasFailed).map((ended) => ended.device)
  return new Set(device ? names.filter((name) => device.includes(name)) : names)
}

function hasFailed(ended: DeviceRecord): boolean {
  return ended.unknown === true || (ended.state !== 'drifted' && exitCodeOf(ended) !== 0)
}
