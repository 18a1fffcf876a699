import type { JsonObject } from '../../core/json.ts'
import { type Given, json, type StandIn, Stop } from './answering.ts'
import type { WindowsService } from './machine-state.ts'
import { configProblem } from './programs.ts'
import { windowsArguments } from './windows-arguments.ts'
import type { WindowsMachine } from './windows-machine.ts'

const START_OF: Readonly<Record<string, { readonly start: number; readonly delayed: boolean }>> = {
  auto: { start: 2, delayed: false },
  'delayed-auto': { start: 2, delayed: true },
  demand: { start: 3, delayed: false },
  disabled: { start: 4, delayed: false },
}

const observe: StandIn = (machine, given) => {
  const service = machine.service(given.text('name'))
  return json(service ? described(machine, service, given.text('account')) : { exists: false })
}

function described(machine: WindowsMachine, service: WindowsService, desired: string): JsonObject {
  const { status, start, delayed, account, recovery } = service
  const running = dependants(machine, service).filter(({ status }) => status === 'Running')
  return {
    exists: true,
    status,
    start,
    delayed,
    account: desired !== '' && sameAccount(machine, desired, account) ? desired : account,
    recovery,
    dependants: running.map(({ name }) => name),
    stranded: [],
  }
}

const converge: StandIn = (machine, given) => {
  const service = machine.service(given.text('name'))
  if (!service) throw new Stop(1, `Cannot find any service with service name '${given.text('name')}'.`)
  for (const line of [given.text('start_line'), given.text('recovery_line')]) if (line !== '') configure(machine, line)
  if (given.text('account') !== '') setAccount(machine, service, given)
  const act = given.text('act')
  if (act === '') return {}
  const restarted = act === 'restart' ? dependants(machine, service).filter(({ status }) => status === 'Running') : []
  if (act !== 'start') stop(machine, service)
  if (act !== 'stop') for (const each of [service, ...restarted]) start(machine, each)
  return {}
}

/** What sc.exe does with `config NAME start= auto` and `failure NAME reset= 86400 actions= restart/5000`. */
function configure(machine: WindowsMachine, line: string): void {
  const [verb, name = '', ...options] = windowsArguments(line)
  const service = machine.service(name)
  if (!service) throw new Stop(1060, '[SC] OpenService FAILED 1060: The specified service does not exist.')
  const option = (key: string): string | undefined => {
    const at = options.findIndex((word) => word.toLowerCase() === `${key}=`)
    return at < 0 ? undefined : options[at + 1]
  }
  const desired = START_OF[option('start') ?? '']
  machine.change(() => {
    if (verb === 'config' && desired) Object.assign(service, desired)
    if (verb === 'failure') service.recovery = recoveryBytes(option('reset') ?? '0', option('actions') ?? '')
  })
}

/** SERVICE_FAILURE_ACTIONS as the registry keeps it: see `recoveryOf` of the module. */
function recoveryBytes(resetSeconds: string, actions: string): string {
  const parts = actions.split('/').filter((part) => part !== '')
  const pairs = Array.from({ length: Math.ceil(parts.length / 2) }, (_, n) => [
    parts[n * 2] === 'restart' ? 1 : 0,
    Number(parts[n * 2 + 1] ?? 0),
  ])
  const words = [Number(resetSeconds), 0, 0, pairs.length, 20, ...pairs.flat()]
  const bytes = Buffer.alloc(words.length * 4)
  for (const [n, word] of words.entries()) bytes.writeUInt32LE(word, n * 4)
  return bytes.toString('base64')
}

const BUILT_IN = /^(localsystem|nt authority\\(system|localservice|local service|networkservice|network service))$/i

function setAccount(machine: WindowsMachine, service: WindowsService, given: Given): void {
  const account = given.text('account')
  if (!BUILT_IN.test(account) && given.text('password') === '') {
    throw new Stop(1, 'Win32_Service.Change answered 15 for the account.')
  }
  machine.change(() => {
    service.account = account.replace(/^[^\\]+\\/, (domain) =>
      domain.toLowerCase() === `${machine.computer.toLowerCase()}\\` ? '.\\' : domain,
    )
  })
}

function sameAccount(machine: WindowsMachine, one: string, other: string): boolean {
  const whole = (account: string): string =>
    account
      .toLowerCase()
      .replace(/^\.\\/, `${machine.computer.toLowerCase()}\\`)
      .replace(/^(localsystem|system)$/, 'nt authority\\system')
  return whole(one) === whole(other)
}

/** Services that need this one, and those that need them. */
function dependants(machine: WindowsMachine, service: WindowsService): readonly WindowsService[] {
  const direct = Object.values(machine.state.services).filter(({ needs }) => needs.includes(service.name))
  return [...new Set([...direct.flatMap((each) => dependants(machine, each)), ...direct])]
}

function stop(machine: WindowsMachine, service: WindowsService): void {
  machine.change(() => {
    for (const each of [...dependants(machine, service), service]) each.status = 'Stopped'
  })
}

function start(machine: WindowsMachine, service: WindowsService): void {
  if (service.status === 'Running') return
  const why = service.start === 4 ? 'it is disabled' : configProblem(machine, service.image)
  if (why !== undefined) {
    throw new Stop(1, `Service '${service.display} (${service.name})' cannot be started on computer '.': ${why}.`)
  }
  for (const needed of service.needs) {
    const other = machine.service(needed)
    if (other) start(machine, other)
  }
  machine.change(() => {
    service.status = 'Running'
  })
}

export const SERVICE_STAND_INS: Readonly<Record<string, StandIn>> = {
  'service.observe': observe,
  'service.converge': converge,
}
