import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { applicationTexts, hasApplication, receiptLines, text } from '../application-texts.ts'
import type { WindowsSpec } from '../device-spec.ts'
import { chance } from '../fault.ts'
import { DEFAULT_AGENT, type Drift, driftsOf, hostnameOf, OLD_AGENT } from '../initial-files.ts'
import { type MachineState, saveState, type WindowsService } from './machine-state.ts'

export const AGENT_FOLDER = 'C:\\Program Files\\Zabbix Agent 2'
const APP_FOLDER = 'C:\\TillApp'
const FOLDERS = ['Windows/System32', 'Windows/Temp', 'Program Files (x86)', 'ProgramData', 'Users/Public', 'Users/till']

/** The name of a device as NetBIOS has it. */
export function computerOf(name: string): string {
  return hostnameOf(name).toUpperCase().slice(0, 15).replace(/-+$/, '')
}

/** Makes a Windows device as it is before anybody touched it; all of it or, if this is interrupted, nothing. */
export function makeMachine(
  root: string,
  spec: WindowsSpec,
  initial: { readonly seed: number; readonly drift: number },
): void {
  const drifts = windowsDrifts(spec, initial)
  const half = `${root}.new`
  rmSync(half, { recursive: true, force: true })
  for (const folder of FOLDERS) mkdirSync(join(half, 'C', folder), { recursive: true })
  for (const [path, content] of filesOf(spec, drifts)) {
    const file = join(half, ...path.replace(':', '').split(/[\\/]/))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  saveState(half, stateOf(spec, drifts))
  renameSync(half, root)
}

/** Without an MSI there is no other version to have. */
function windowsDrifts(
  spec: WindowsSpec,
  initial: { readonly seed: number; readonly drift: number },
): ReadonlySet<Drift> {
  const hasMsi = text(spec.vars, '', ['agent', 'msi', 'path']) !== ''
  return driftsOf(spec, initial, (drift) => hasMsi || drift !== 'agent-version')
}

export function agentConfigPath(spec: WindowsSpec): string {
  const path = text(spec.vars, `${AGENT_FOLDER}\\zabbix_agent2.conf`, ['agent', 'config'])
  return /^c:[\\/]/i.test(path) ? path.replaceAll('/', '\\') : `${AGENT_FOLDER}\\zabbix_agent2.conf`
}

function filesOf(spec: WindowsSpec, drifts: ReadonlySet<Drift>): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  files.set(`${AGENT_FOLDER}\\zabbix_agent2.exe`, 'In place of a program of the sandbox.\n')
  files.set(agentConfigPath(spec), agentConfig(spec, drifts))
  if (!hasApplication(spec)) return files
  const texts = applicationTexts(spec, { wrong: drifts.has('app-config'), printer: 'USB001' })
  for (const [name, content] of Object.entries(texts.config)) {
    files.set(`${APP_FOLDER}\\${name}`, content.replaceAll('\n', '\r\n'))
  }
  files.set(`${APP_FOLDER}\\tillapp.exe`, 'In place of a program of the sandbox.\n')
  files.set(`${APP_FOLDER}\\VERSION`, `${texts.version}\r\n`)
  files.set(`${APP_FOLDER}\\log\\tillapp.log`, '')
  files.set(`${APP_FOLDER}\\log\\receipts.log`, receiptLines(spec.name, new Date()).replaceAll('\n', '\r\n'))
  files.set(`${APP_FOLDER}\\outgoing\\readme.txt`, 'Receipts that wait to be sent lie here.\r\n')
  return files
}

function agentConfig(spec: WindowsSpec, drifts: ReadonlySet<Drift>): string {
  const desired = text(spec.vars, 'zabbix-proxy.example', ['agent', 'server'], ['zabbix', 'server'])
  const server = drifts.has('agent-config') ? '10.0.0.5' : desired
  const lines = [
    '# Zabbix agent 2',
    `LogFile=${AGENT_FOLDER}\\zabbix_agent2.log`,
    `Server=${server}`,
    `ServerActive=${server}`,
    `Hostname=${text(spec.vars, hostnameOf(spec.name), ['agent', 'hostname'])}`,
    'ControlSocket=\\\\.\\pipe\\agent.sock',
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

function stateOf(spec: WindowsSpec, drifts: ReadonlySet<Drift>): MachineState {
  const services = servicesOf(spec, drifts)
  const desired = text(spec.vars, DEFAULT_AGENT, ['agent', 'version'], ['zabbix', 'version'])
  const agent = {
    name: 'Zabbix Agent 2 (64-bit)',
    version: drifts.has('agent-version') ? OLD_AGENT : desired,
    publisher: 'Zabbix SIA',
    code: productCode(spec.name),
  }
  const uptimeMs = (1 + Math.floor(chance('uptime', spec.name) * 30)) * 86_400_000
  return {
    services: Object.fromEntries(services.map((service) => [service.name.toLowerCase(), service])),
    products: { [agent.name.toLowerCase()]: agent },
    registry: { 'localmachine\\software\\tillapp': {} },
    queues: hasApplication(spec) ? { Receipts: { status: 0, jobs: [] } } : {},
    owners: {},
    tasks: {},
    pendingReboot: [],
    timeZone: 'Central European Standard Time',
    boots: 0,
    bootedAt: new Date(Date.now() - uptimeMs).toISOString(),
  }
}

function productCode(name: string): string {
  const part = (salt: string, digits: number): string =>
    Math.floor(chance(salt, name) * 16 ** digits)
      .toString(16)
      .toUpperCase()
      .padStart(digits, '0')
  return `{${part('p', 8)}-${part('q', 4)}-${part('r', 4)}-${part('s', 4)}-${part('t', 8)}${part('u', 4)}}`
}

function servicesOf(spec: WindowsSpec, drifts: ReadonlySet<Drift>): readonly WindowsService[] {
  const agent = text(spec.vars, 'Zabbix Agent 2', ['agent', 'service'])
  const application = text(spec.vars, 'tillapp', ['tillapp', 'service'])
  const system = (name: string, display: string, group: string): WindowsService =>
    service(name, { display, image: `C:\\Windows\\system32\\svchost.exe -k ${group} -p` })
  return [
    system('WinRM', 'Windows Remote Management (WS-Management)', 'NetworkService'),
    system('EventLog', 'Windows Event Log', 'LocalServiceNetworkRestricted'),
    system('W32Time', 'Windows Time', 'LocalService'),
    service('Spooler', { display: 'Print Spooler', image: 'C:\\Windows\\System32\\spoolsv.exe' }),
    service(agent, {
      display: 'Zabbix Agent 2',
      image: `"${AGENT_FOLDER}\\zabbix_agent2.exe" -c "${agentConfigPath(spec)}" -f=false`,
      stopped: drifts.has('agent-stopped'),
    }),
    ...(hasApplication(spec)
      ? [
          service(application, {
            display: 'Till application',
            image: `${APP_FOLDER}\\tillapp.exe --config ${APP_FOLDER}\\till.ini`,
            stopped: drifts.has('app-stopped'),
          }),
        ]
      : []),
  ]
}

function service(
  name: string,
  more: { readonly display: string; readonly image: string; readonly stopped?: boolean },
): WindowsService {
  return {
    name,
    display: more.display,
    status: more.stopped ? 'Stopped' : 'Running',
    start: 2,
    delayed: false,
    account: 'LocalSystem',
    recovery: '',
    needs: [],
    image: more.image,
  }
}
