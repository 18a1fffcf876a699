import { createHash } from 'node:crypto'
import { counted, formatCount } from '../core/counted.ts'
import type { RunEvent, StepFinished } from '../core/events.ts'
import type { Failure } from '../core/failure.ts'
import type { JsonObject } from '../core/json.ts'
import type { Reporter } from '../core/ports.ts'
import { describeFailure } from './describe-change.ts'
import type { Output } from './output.ts'
import { plainText } from './plain-text.ts'

/** Devices are named one by one up to here; beyond, their number says more. */
const MOST_NAMES = 8

interface Answer {
  readonly lines: readonly string[]
  readonly title: string
  readonly devices: string[]
}

/**
 * What devices answered to a command, identical answers once: the largest group last, nearest to the prompt.
 * Answers are kept once each, so that memory follows how much they differ, not how many there are.
 */
export function createAnswersReporter(output: Output): Reporter {
  const groups = new Map<string, Answer>()
  const open = new Map<string, StepFinished>()
  const add = (device: string, title: string, lines: readonly string[]): void => {
    const key = createHash('sha256')
      .update(JSON.stringify([title, lines]))
      .digest('base64')
    const group = groups.get(key)
    if (group) group.devices.push(device)
    else groups.set(key, { title, lines, devices: [device] })
  }
  return {
    async event(event: RunEvent) {
      if (event.type === 'step.finished') open.set(event.device, event)
      if (event.type === 'device.finished') {
        const step = open.get(event.device)
        open.delete(event.device)
        const answer = step && answerOf(step)
        if (answer) add(event.device, answer.title, answer.lines)
        else if (event.failure)
          add(event.device, event.state, describeFailure(withoutName(event.failure, event.device)))
      }
      if (event.type !== 'run.finished') return
      const sorted = [...groups.values()].sort((a, b) => a.devices.length - b.devices.length)
      for (const group of sorted) await output.write(show(group))
      await output.write(ending(sorted))
    },
    close: () => undefined,
  }
}

function ending(groups: readonly Answer[]): string {
  const devices = groups.reduce((sum, group) => sum + group.devices.length, 0)
  const answers = groups.length === 1 ? 'one answer' : `${formatCount(groups.length)} different answers`
  return `${counted(devices, 'device')}, ${answers}.\n`
}

function answerOf(step: StepFinished): Pick<Answer, 'title' | 'lines'> | undefined {
  const value = step.value as JsonObject | null | undefined
  if (value === null || typeof value !== 'object' || typeof value?.['exit'] !== 'number') return undefined
  // Of its last line end the line feed is gone already.
  const lines = (text: unknown): string[] =>
    typeof text === 'string' && text !== '' ? text.replace(/\r$/, '').split(/\r?\n/).map(shown) : []
  return {
    title: `exit code ${value['exit']}`,
    lines: [...lines(value['stdout']), ...lines(value['stderr']).map((line) => `! ${line}`)],
  }
}

/** Tabs are worth keeping in the output of a command; everything else that moves a cursor is not. */
function shown(line: string): string {
  return line.split('\t').map(plainText).join('\t')
}

/** Failures that differ only in the name of the device are one answer. */
function withoutName(failure: Failure, device: string): Failure {
  const message = failure.message.replaceAll(`"${device}"`, 'the device').replaceAll(device, 'the device')
  return { ...failure, message: message.replace(/^the /, 'The ') }
}

/** Lines of devices are set in: none of them can look like the head of another answer. */
function show(group: Answer): string {
  const sorted = group.devices.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const names = sorted.slice(0, MOST_NAMES).join(', ')
  const more = group.devices.length - MOST_NAMES
  const who = more > 0 ? `${group.devices.length} devices: ${names} and ${more} more` : names
  return `── ${who} · ${group.title}\n${group.lines.map((line) => `  ${line}\n`).join('')}\n`
}
