import type { RunEvent } from '../core/events.ts'
import type { Failure } from '../core/failure.ts'
import type { Reporter } from '../core/ports.ts'
import type { DeviceRecord, StepRecord } from '../core/run.ts'
import { describeFailure, describeStep } from './describe-change.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import type { Output } from './output.ts'
import { title } from './run-tally.ts'
import { XML_DECLARATION, xmlElement, xmlLines } from './xml-text.ts'

/**
 * The run as JUnit XML, as CI systems show it: a device is a test suite, each of its steps a test. Failures are failed tests,
 * and so is drift, but in a plan: there it is what somebody wants to change, and checks that it may mend are skipped. What
 * could not be seen, and how a device ended beside its steps, are errors. Written device by device, so
 * that memory does not grow with the fleet.
 */
export function createJunitReporter(output: Pick<Output, 'write'>): Reporter {
  const inFlight = new DevicesInFlight()
  let begun = false
  let planned = false
  let ended = false
  const end = async (): Promise<void> => {
    if (!begun || ended) return
    ended = true
    for (const record of await inFlight.lost()) await output.write(suiteOf(record, planned))
    for (const record of await inFlight.neverBegun()) await output.write(suiteOf(record, planned))
    await output.write('</testsuites>\n')
  }
  return {
    async event(event: RunEvent) {
      if (event.type === 'run.started') {
        begun = true
        planned = event.mode === 'plan'
        const head = xmlElement('testsuites', { name: title(event), id: event.run, timestamp: event.at })
        await output.write(`${XML_DECLARATION}${head.replace(/\/>$/, '>')}\n`)
        return
      }
      if (event.type === 'run.finished') return end()
      const record = await inFlight.add(event)
      if (record) await output.write(suiteOf(record, planned))
    },
    close: end,
  }
}

interface Test {
  readonly name: string
  readonly module: string
  readonly ms: number
  /** How it went wrong, or that it was skipped; nothing where it passed. */
  readonly mark?: { readonly as: 'failure' | 'error' | 'skipped'; readonly text: string }
  readonly said?: string
}

function suiteOf(record: DeviceRecord, planned: boolean): string {
  const tests = [...record.steps.map((step) => testOf(step, record, planned)), ...endOf(record)]
  const count = (as: string): number => tests.filter(({ mark }) => mark?.as === as).length
  const attributes = {
    name: record.device,
    tests: tests.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(record.duration_ms),
  }
  const cases = tests.map((test) => `${caseOf(record.device, test)}\n`).join('')
  return `${xmlElement('testsuite', attributes, `\n${cases}`)}\n`
}

function caseOf(device: string, test: Test): string {
  const inside = [test.mark?.text ?? '', test.said === undefined ? '' : xmlElement('system-out', {}, test.said)].join(
    '',
  )
  const attributes = { classname: `${device}.${test.module}`, name: test.name, time: seconds(test.ms) }
  return xmlElement('testcase', attributes, inside === '' ? undefined : inside)
}

function testOf(step: StepRecord, { steps }: DeviceRecord, planned: boolean): Test {
  const several = new Set(steps.map(({ runbook }) => runbook)).size > 1
  const name = several ? `${step.runbook}: ${step.name}` : step.name
  const test = { name, module: step.module, ms: step.duration_ms }
  const lines = xmlLines(describeStep(step, { all: true }))
  const message = step.changes?.map(({ path }) => path).join(', ')
  switch (step.state) {
    case 'drifted':
      if (planned) return { ...test, said: lines }
      return { ...test, mark: marked('failure', { type: 'drifted', message: `differs: ${message}` }, lines) }
    case 'unmet':
    case 'failed':
      if (step.may_be_mended) {
        const why = `${step.failure?.message ?? ''} The changes before it may mend it.`
        return { ...test, mark: marked('skipped', { message: why.trim() }) }
      }
      return { ...test, mark: marked('failure', failureAttributes(step.failure), lines) }
    case 'unknown':
      return { ...test, mark: marked('error', { type: 'unknown', message: step.reason }, lines) }
    case 'skipped':
      return { ...test, mark: marked('skipped', { message: step.reason }) }
    default:
      return lines === '' ? test : { ...test, said: lines }
  }
}

/** How a device ended, where none of its steps says so. */
function endOf(record: DeviceRecord): readonly Test[] {
  const { failure, state } = record
  if (failure === undefined || record.steps.some((step) => step.failure?.message === failure.message)) return []
  const attributes = failureAttributes(failure)
  const mark = marked(
    'error',
    { ...attributes, message: `${state}: ${attributes.message}` },
    xmlLines(describeFailure(failure, { device: record.device })),
  )
  return [{ name: state, module: failure.phase, ms: 0, mark }]
}

function failureAttributes(failure: Failure | undefined): { readonly type: string; readonly message: string } {
  return { type: failure?.code ?? 'failed', message: failure?.message ?? 'failed' }
}

function marked(
  as: 'failure' | 'error' | 'skipped',
  attributes: Readonly<Record<string, string | undefined>>,
  text?: string,
): NonNullable<Test['mark']> {
  return { as, text: xmlElement(as, attributes, text) }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
