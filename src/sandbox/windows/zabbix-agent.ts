import type { DeviceAnswer } from '../../shell/powershell-device.ts'
import type { WindowsMachine } from './windows-machine.ts'

const AGENT = /^zabbix agent 2\b/i

/** What is wrong with a configuration of the agent; undefined when it would start with it. */
export function agentConfigProblem(machine: WindowsMachine, path: string): string | undefined {
  if (machine.files.kindOf(path) !== 'file') {
    return `cannot read configuration: open ${path}: The system cannot find the file specified.`
  }
  const lines = machine.files.read(path).toString('utf8').split(/\r?\n/)
  const wrong = lines.findIndex((line) => !/^(#.*|[A-Z][^=]*=.*|)$/.test(line))
  if (wrong >= 0) return `cannot parse configuration at line ${wrong + 1}: ${lines[wrong]}`
  return lines.some((line) => /^Server=./.test(line)) ? undefined : `mandatory parameter Server is missing in ${path}`
}

/** As the program says it: without the fourth number that only Windows knows. */
export function agentVersion(machine: WindowsMachine): string {
  const product = Object.values(machine.state.products).find(({ name }) => AGENT.test(name))
  return product?.version.split('.').slice(0, 3).join('.') ?? '0.0.0'
}

/** zabbix_agent2.exe: its version, a look at its configuration, and the items that monitoring asks for first. */
export function zabbixAgent(machine: WindowsMachine, args: readonly string[]): DeviceAnswer {
  const version = agentVersion(machine)
  const config = optionOf(args, '-c', '--config') ?? 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf'
  if (args.includes('-V') || args.includes('--version')) return { stdout: `zabbix_agent2 (Zabbix) ${version}\r\n` }
  const item = optionOf(args, '-t', '--test')
  const isCheck = args.includes('-T') || args.includes('--test-config')
  if (item === undefined && !isCheck) return { exitCode: 1, stderr: 'zabbix_agent2 runs as a service here\r\n' }
  const problem = agentConfigProblem(machine, config)
  if (problem !== undefined) return { exitCode: 1, stderr: `zabbix_agent2 [4711]: ERROR: ${problem}\r\n` }
  if (item === undefined) return { stdout: 'Validation successful\r\n' }
  return { stdout: `${item.padEnd(45)} ${itemValue(machine, item, { version, config })}\r\n` }
}

function itemValue(
  machine: WindowsMachine,
  item: string,
  agent: { readonly version: string; readonly config: string },
): string {
  if (item === 'agent.ping') return '[u|1]'
  if (item === 'agent.version') return `[s|${agent.version}]`
  if (item === 'system.hostname') return `[s|${machine.computer}]`
  if (item !== 'agent.hostname') return `[m|ZBX_NOTSUPPORTED] [Unknown metric ${item}]`
  const text = machine.files.read(agent.config).toString('utf8')
  return `[s|${/^Hostname=(.*?)\r?$/m.exec(text)?.[1] ?? machine.computer}]`
}

function optionOf(args: readonly string[], ...names: readonly string[]): string | undefined {
  const at = args.findIndex((word) => names.includes(word))
  return at < 0 ? undefined : args[at + 1]
}
