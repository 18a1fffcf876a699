import { type Given, json, type StandIn, Stop } from './answering.ts'
import { expressionOf } from './look-stand-ins.ts'

/** Of a task that has not run yet: SCHED_S_TASK_HAS_NOT_RUN. */
const NOT_RUN_YET = 267_011

function pathOf(given: Given): string {
  return `${given.text('folder')}\\${given.text('name')}`.replaceAll(/\\+/g, '\\').toLowerCase()
}

const task: StandIn = (machine, given) => {
  const found = machine.state.tasks[pathOf(given)]
  if (!found) return json({ exists: false, xml: '', enabled: false, last_result: null, next_run: '' })
  return json({ exists: true, xml: found.xml, enabled: found.enabled, last_result: NOT_RUN_YET, next_run: '' })
}

const registerTask: StandIn = (machine, given) => {
  machine.change(({ tasks }) => {
    tasks[pathOf(given)] = { xml: given.text('xml'), enabled: given.flag('enabled') }
  })
  return {}
}

const removeTask: StandIn = (machine, given) => {
  const path = pathOf(given)
  if (!machine.state.tasks[path]) throw new Stop(1, 'The system cannot find the file specified.')
  machine.change(({ tasks }) => {
    delete tasks[path]
  })
  return {}
}

const boot: StandIn = (machine) => {
  return json({ id: String(100 + machine.state.boots), uptime: machine.uptimeS, reasons: [...machine.pendingReboot] })
}

const restart: StandIn = (machine) => {
  machine.restart()
  return {}
}

const clock: StandIn = (machine) => json({ time: Date.now() / 1000, zone: machine.state.timeZone })

const setZone: StandIn = (machine, given) => {
  const zone = given.text('zone')
  if (!/ Standard Time$|^UTC/.test(zone)) {
    throw new Stop(1, `The time zone ID '${zone}' was not found on the local computer.`)
  }
  machine.change((state) => {
    state.timeZone = zone
  })
  return {}
}

const lines: StandIn = (machine, given) => {
  const path = given.text('path')
  const pattern = given.text('pattern')
  const age = Math.floor((Date.now() - machine.files.modifiedAt(path).getTime()) / 1000)
  if (pattern === '') return json({ count: 0, latest: [], age })
  const wanted = expressionOf(pattern)
  const all = machine.files
    .read(path)
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
  const hits = all.slice(-given.number('lines')).filter((line) => wanted.test(line))
  return json({ count: hits.length, latest: hits.slice(-5).map((line) => line.slice(0, 300)), age })
}

const EVENT_LOGS = ['application', 'security', 'setup', 'system']

/** Nothing ever happens on these devices. */
const events: StandIn = (_machine, given) => {
  const name = given.text('name')
  if (EVENT_LOGS.includes(name.toLowerCase())) return json({ count: 0, latest: [], age: null })
  throw new Stop(1, `There is not an event log on the localhost computer that matches "${name}".`)
}

const certificates: StandIn = () => json([])

export const SYSTEM_STAND_INS: Readonly<Record<string, StandIn>> = {
  'scheduled-task.observe': task,
  'scheduled-task.converge': registerTask,
  'scheduled-task.remove': removeTask,
  'reboot.observe': boot,
  'reboot.restart': restart,
  'clock.observe': clock,
  'clock.converge': setZone,
  'log.lines': lines,
  'log.events': events,
  'certificate.store': certificates,
}
