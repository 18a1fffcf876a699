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
const WORD = /\s*(?:'((?:[^']|'')*)'|"((?:[^"`$]|\$\w+)*)"|(\$\w+)|([^\s'"$`(){}|;&<>@#,]+))/y

/**
 * A text for PowerShell, as far as it is one program with plain arguments; there is no PowerShell here to run anything
 * else. `variables` are those that it finds set, with their names in lower case.
 */
export function runText(
  machine: WindowsMachine,
  text: string,
  variables: Readonly<Record<string, string>> = {},
): DeviceAnswer {
  const words = wordsOf(text.trim().replace(/^&\s*/, ''), variables)
  const [program, ...args] = words ?? []
  if (program === undefined) {
    return notImitated(
      'it has no PowerShell to run the text of a step. Only a single program with plain arguments can be run.',
    )
  }
  return runProgram(machine, program, args)
}

/** Undefined when there is more to it than words. */
function wordsOf(text: string, variables: Readonly<Record<string, string>>): readonly string[] | undefined {
  const words: string[] = []
  let at = 0
  while (at < text.length) {
    WORD.lastIndex = at
    const found = WORD.exec(text)
    if (!found) return undefined
    const [whole, single, double, variable, bare] = found
    const filled = (given: string): string =>
      given.replace(/\$(\w+)/g, (_, name: string) => variables[name.toLowerCase()] ?? '')
    words.push(single?.replaceAll("''", "'") ?? bare ?? filled(double ?? variable ?? ''))
    at += whole.length
    if (at < text.length && !/\s/.test(text[at] ?? '')) return undefined
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
