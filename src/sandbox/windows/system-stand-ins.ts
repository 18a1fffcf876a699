import { type Given, json, type StandIn, Stop } from './answering.ts'

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

export const SYSTEM_STAND_INS: Readonly<Record<string, StandIn>> = {
  'scheduled-task.observe': task,
  'scheduled-task.converge': registerTask,
  'scheduled-task.remove': removeTask,
  'reboot.observe': boot,
  'reboot.restart': restart,
}
