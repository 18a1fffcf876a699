import { Errors, Flags } from '@oclif/core'
import { selectionFlags } from './selection-flags.ts'

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
  verbose: Flags.boolean({ char: 'v', description: 'also show what is as it should be', helpGroup: 'OUTPUT' }),
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
    throw new Errors.CLIError(`It is auto or a number from 0 to ${MOST_WORKERS}, not "${text}"`)
  },
})

/** What every command that works on devices takes. */
export const runFlags = {
  ...selectionFlags,
  ...outputFlags,
  sandbox: sandboxFlag,
  parallel: Flags.integer({
    char: 'p',
    description: 'devices at a time (default: `run.parallel` of tillwright.yaml)',
    min: 1,
    max: 10_000,
  }),
  workers: workersFlag({
    description: 'worker threads: auto, or a number (default: `run.workers` of tillwright.yaml)',
    helpValue: 'auto|N',
  }),
}

export const paramFlag = Flags.string({
  char: 'P',
  description: 'parameter of the runbook, NAME=VALUE',
  multiple: true,
  helpValue: 'NAME=VALUE',
})
