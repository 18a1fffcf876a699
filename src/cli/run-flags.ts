import { Errors, Flags } from '@oclif/core'
import { type DeviceState, STATES_THAT_FAIL } from '../core/outcome.ts'
import { durationFlag } from './duration-flag.ts'
import { selectionFlags } from './selection-flags.ts'

/** Why somebody says something about a run. */
export const becauseFlag = Flags.string({ description: 'why; it is on record', helpValue: 'WHY', required: true })

/** How a run says what happens. Without any: a live view on a terminal, plain lines elsewhere. */
const outputFlags = {
  json: Flags.boolean({
    description: 'the result as one JSON document on stdout (schema till.result/1)',
    exclusive: ['ndjson'],
    helpGroup: 'OUTPUT',
  }),
  ndjson: Flags.boolean({
    description: 'every event as a line of JSON on stdout, as it happens (schema till.event/1)',
    helpGroup: 'OUTPUT',
  }),
  junit: Flags.string({
    description: 'also write the run to this file as JUnit XML, for the test report of a pipeline',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  markdown: Flags.string({
    description: 'also write a summary to this file as Markdown, for a pull request or a ticket',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  html: Flags.string({
    description: 'also write a page with what it found to this file, for those who review a merge request',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  'code-quality': Flags.string({
    description: 'also write what was found to this file as a Code Quality report of GitLab (schema code-quality/1)',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  sarif: Flags.string({
    description: 'also write what was found to this file as SARIF 2.1.0, for code scanning',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  verbose: Flags.boolean({ char: 'v', description: 'also show what is as it should be', helpGroup: 'OUTPUT' }),
}

/** Of `--fail-on`; undefined where it was not given: every state that is not as desired. */
export function failingStates(flags: {
  readonly 'fail-on'?: readonly string[] | undefined
}): ReadonlySet<DeviceState> | undefined {
  return flags['fail-on'] && new Set(flags['fail-on'] as readonly DeviceState[])
}

/** For every command that touches devices or what is known of them. */
export const sandboxFlag = Flags.boolean({
  description: 'work on the running sandbox, with a history of its own, instead of the real devices',
  env: 'TILL_SANDBOX',
})

const MOST_WORKERS = 64

const workersFlag = Flags.custom<'auto' | number>({
  async parse(text) {
    if (text === 'auto') return text
    if (/^\d+$/.test(text) && Number(text) <= MOST_WORKERS) return Number(text)
    throw new Errors.CLIError(`it is auto or a number from 0 to ${MOST_WORKERS}, not "${text}"`)
  },
})

/** How a run is conducted, whichever devices it is about. */
export const conductFlags = {
  ...outputFlags,
  sandbox: sandboxFlag,
  parallel: Flags.integer({
    char: 'p',
    description: 'devices at a time (default: `run.parallel` of tillwright.yaml)',
    min: 1,
    max: 10_000,
  }),
  'fail-on': Flags.string({
    description:
      'end with another exit code than 0 only for devices in these states; with a comma between them, or several times. ' +
      'Default: all of them',
    options: STATES_THAT_FAIL,
    multiple: true,
    delimiter: ',',
    helpValue: 'STATE',
  }),
  workers: workersFlag({
    description: 'worker threads: auto, or a number (default: `run.workers` of tillwright.yaml)',
    helpValue: 'auto|N',
  }),
}

/** Who works on the devices of a run. */
export const onFlag = Flags.option({
  description: 'have workers (till worker) work on the devices; the run itself stays here',
  options: ['workers'] as const,
  helpValue: 'workers',
})()

/** What every command that works on devices takes. */
export const runFlags = { ...selectionFlags, ...conductFlags }

export const paramFlag = Flags.string({
  char: 'P',
  description: 'parameter of the runbook, NAME=VALUE',
  multiple: true,
  helpValue: 'NAME=VALUE',
})

export const maxFailuresFlag = Flags.integer({
  description:
    'after so many failed devices nothing more is begun, and never more are changed at once than may still fail; the policy may have less',
  min: 1,
  helpValue: 'N',
})

/** What a run that changes devices says to the safety policy. */
export const safetyFlags = {
  'max-failures': maxFailuresFlag,
  wait: durationFlag({
    min: 0,
    description:
      'for how long to wait for windows and soak times of the policy, and for devices that other runs work on, as 10m. Default: not at all',
    helpValue: 'TIME',
  }),
  'break-glass': Flags.string({
    description: 'change also in a freeze and outside of windows; why is on record',
    helpValue: 'WHY',
  }),
  'go-on': Flags.boolean({ description: 'do not pause behind the canary: somebody has looked at it' }),
}
