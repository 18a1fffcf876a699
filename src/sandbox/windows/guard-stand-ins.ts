import type { DeviceAnswer } from '../../shell/powershell-device.ts'
import type { StandIn } from './answering.ts'
import { expressionOf } from './look-stand-ins.ts'

const MOST_OF_A_LOG = 1_048_576

function says(text: string): DeviceAnswer {
  return { stdout: `${text}\n` }
}

const file: StandIn = ({ files }, given) => {
  const path = given.text('path')
  const folder = files.fullPath(path).replace(/\\[^\\]*$/, '')
  if (files.kindOf(`${folder}\\`) !== 'directory') return says(`unknown there is no folder ${folder}`)
  return says(files.kindOf(path) === 'absent' ? 'free' : 'busy')
}

const running: StandIn = ({ processes }, given) => {
  const bare = (name: string): string => name.replace(/\.exe$/i, '').toLowerCase()
  return says(processes.some(({ name }) => bare(name) === bare(given.text('name'))) ? 'busy' : 'free')
}

const log: StandIn = ({ files }, given) => {
  const path = given.text('path')
  if (files.kindOf(path) !== 'file') return says(`unknown there is no ${path}`)
  const [begins, ends] = [expressionOf(given.text('begins')), expressionOf(given.text('ends'))]
  let said = ''
  for (const line of files.read(path).subarray(-MOST_OF_A_LOG).toString('utf8').split(/\r?\n/)) {
    if (ends.test(line)) said = 'free'
    else if (begins.test(line)) said = 'busy'
  }
  if (said !== '') return says(said)
  return says(given.flag('silent') ? 'free' : `unknown the end of ${path} says neither`)
}

const idle: StandIn = ({ files }, given) => {
  const path = given.text('path')
  if (files.kindOf(path) === 'absent') return says(`unknown there is no ${path}`)
  const age = Date.now() - files.modifiedAt(path).getTime()
  return says(age >= given.number('seconds') * 1_000 ? 'free' : 'busy')
}

/** Nobody ever sits at a device of the sandbox. */
const loggedIn: StandIn = () => says('free')

export const GUARD_STAND_INS: Readonly<Record<string, StandIn>> = {
  'guard.file': file,
  'guard.process': running,
  'guard.log': log,
  'guard.idle': idle,
  'guard.logged-in': loggedIn,
}
