import { type Given, notImitated, type StandIn, Stop } from './answering.ts'
import { runProgram, runText } from './programs.ts'
import { windowsArguments } from './windows-arguments.ts'
import type { WindowsMachine } from './windows-machine.ts'

const NO_DIRECTORY = 98
const NOT_IMITATED = 126

function mustHaveFolder(machine: WindowsMachine, given: Given): void {
  const folder = given.text('till_cwd')
  if (folder !== '' && machine.files.kindOf(folder) !== 'directory') {
    throw new Stop(NO_DIRECTORY, 'till: no such directory')
  }
}

const path: StandIn = (machine, given) => {
  return { stdout: `exists=${machine.files.kindOf(given.text('till_path')) === 'absent' ? 'no' : 'yes'}\n` }
}

const check: StandIn = (machine, given) => {
  mustHaveFolder(machine, given)
  const text = given.text('till_check')
  if (text === '') return {}
  const answer = runText(machine, text)
  // A check that cannot be made is not one that failed.
  return answer.exitCode === NOT_IMITATED ? answer : { stdout: `exit=${answer.exitCode ?? 0}\n` }
}

const text: StandIn = (machine, given) => {
  mustHaveFolder(machine, given)
  return runText(machine, given.text('till_text'))
}

/** A text of a module of the user's own. */
const userScript: StandIn = (machine, given) => runText(machine, given.text('till_text'))

const program: StandIn = (machine, given) => {
  mustHaveFolder(machine, given)
  return runProgram(machine, given.text('till_program'), windowsArguments(given.text('till_line')))
}

/** In place of a program that cannot be given its arguments. */
const refused: StandIn = (_machine, given) => {
  throw new Stop(1, given.text('till_why'))
}

const WAIT_STEP_MS = 200

/** Undefined when it cannot be told here. */
function holds(machine: WindowsMachine, given: Given): boolean | undefined {
  const kind = given.text('kind')
  if (kind === 'path')
    return (machine.files.kindOf(given.text('path')) !== 'absent') === (given.text('desired') === 'yes')
  if (kind === 'port') return machine.listens(given.number('port'))
  const { exitCode = 0 } = runText(machine, given.text('check'))
  return exitCode === NOT_IMITATED ? undefined : exitCode === 0
}

const waited: StandIn = (machine, given) => {
  const is = holds(machine, given)
  return is === undefined ? notImitated('it cannot run the check.') : { stdout: is ? 'yes\n' : 'no\n' }
}

/** Of the fragment `wait.converge`: it did not come to be within its time. */
const NOT_YET = 1

const wait: StandIn = async (machine, given) => {
  const until = Date.now() + given.number('timeout_s') * 1000
  for (let is = holds(machine, given); is !== true; is = holds(machine, given)) {
    if (is === undefined) return notImitated('it cannot run the check.')
    if (Date.now() >= until) throw new Stop(NOT_YET, 'not yet')
    await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS).unref())
  }
  return {}
}

export const RUN_STAND_INS: Readonly<Record<string, StandIn>> = {
  'run.path': path,
  'run.check': check,
  'run.text': text,
  'run.program': program,
  'run.refused': refused,
  'user.script': userScript,
  'wait.observe': waited,
  'wait.converge': wait,
}
