import type { DeviceAnswer } from '../../shell/powershell-device.ts'
import { notImitated } from './answering.ts'
import { windowsArguments } from './windows-arguments.ts'
import { programOf, type WindowsMachine } from './windows-machine.ts'
import { agentConfigProblem, zabbixAgent } from './zabbix-agent.ts'

type Program = (machine: WindowsMachine, args: readonly string[]) => DeviceAnswer

/** Programs that are imitated, by their names without `.exe`. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  zabbix_agent2: zabbixAgent,
  hostname: (machine) => ({ stdout: `${machine.computer}\r\n` }),
  whoami: (machine) => ({ stdout: `${machine.computer.toLowerCase()}\\till\r\n` }),
}

const MISSING_EXIT = 97

/** Runs a program with its arguments, if it is one that the sandbox knows. */
export function runProgram(machine: WindowsMachine, program: string, args: readonly string[]): DeviceAnswer {
  const name = programOf(`"${program}"`)
    .replace(/\.exe$/i, '')
    .toLowerCase()
  const isPath = /[\\/]/.test(program)
  if (isPath && machine.files.kindOf(program) !== 'file') {
    return { exitCode: MISSING_EXIT, stderr: `till: missing program: ${program}` }
  }
  return PROGRAMS[name]?.(machine, args) ?? notImitated(`it does not know the program "${program}".`)
}

/** One word of PowerShell: bare, in single quotes, or in double quotes. */
const WORD =
  /\s*(?:'((?:[^']|'')*)'|"((?:[^"`$]|\$(?:env:)?\w+)*)"|(\$(?:env:)?\w+)|([^\s'"$`(){}|;&<>@#,]+))(?=\s|$)/iy

/**
 * A text for PowerShell, as far as it is one program with plain arguments, or `exit`; there is no PowerShell here to run
 * anything else. `variables` are those that it finds set, with their names in lower case.
 */
export function runText(
  machine: WindowsMachine,
  text: string,
  variables: Readonly<Record<string, string>> = {},
): DeviceAnswer {
  const exit = /^\s*exit(?:\s+(\d{1,9}))?\s*$/i.exec(text)
  if (exit) return { exitCode: Number(exit[1] ?? 0) }
  const words = wordsOf(text.trim().replace(/^&\s*/, ''), { ...environmentOf(machine), ...variables })
  const [program, ...args] = words ?? []
  if (program !== undefined && !CMDLET.test(program)) return runProgram(machine, program, args)
  return notImitated('it has no PowerShell, and can run no text of a step but a single program with plain arguments.')
}

/** `Verb-Noun` */
const CMDLET = /^[a-z]+-[a-z]+$/i

function environmentOf({ computer }: WindowsMachine): Readonly<Record<string, string>> {
  return {
    'env:programfiles': 'C:\\Program Files',
    'env:programdata': 'C:\\ProgramData',
    'env:windir': 'C:\\Windows',
    'env:systemroot': 'C:\\Windows',
    'env:systemdrive': 'C:',
    'env:temp': 'C:\\Windows\\Temp',
    'env:computername': computer,
  }
}

/** Undefined when there is more to it than words. */
function wordsOf(text: string, variables: Readonly<Record<string, string>>): readonly string[] | undefined {
  const words: string[] = []
  const filled = (given: string): string =>
    given.replace(/\$((?:env:)?\w+)/gi, (_, name: string) => variables[name.toLowerCase()] ?? '')
  for (let at = 0; at < text.length; at = WORD.lastIndex) {
    WORD.lastIndex = at
    const found = WORD.exec(text)
    if (!found) return undefined
    const [, single, double, variable, bare] = found
    words.push(single?.replaceAll("''", "'") ?? bare ?? filled(double ?? variable ?? ''))
  }
  return words
}

/** What keeps a service with this command line from starting. */
export function configProblem(machine: WindowsMachine, image: string): string | undefined {
  const [program = '', ...args] = windowsArguments(image)
  if (/^c:\\windows\\/i.test(program)) return undefined
  if (machine.files.kindOf(program) !== 'file') return 'The system cannot find the file specified'
  const at = args.indexOf('-c')
  const config = args[at + 1]
  if (at < 0 || config === undefined || !/zabbix_agent2\.exe$/i.test(program)) return undefined
  return agentConfigProblem(machine, config)
}
