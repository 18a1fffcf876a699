import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Options } from './sections/section.ts'

export const USAGE = `npm run bench -- [FLAGS]

  --section ID[,ID]    start-up line cores profile winrm in-flight results inventory faulty
                       printers fleet (all)
  --tool ID[,ID]       till clush pdsh pssh openssh ansible mitogen asyncssh libssh2 go; pywinrm ansible-winrm (all that
                       are installed)
  --size N[,N]         addresses of the fleet (100,500,1000)
  --rounds N           times that each tool has its turn (1; one more on 100 addresses or fewer)
  --in-flight N[,N]    connections held open at once (250,1000,2000); 10000 is possible where there is memory
  --against DIR        another build of Tillwright, in its turns beside this one: fleet, line, faulty, cores, start-up
  --quick              small sizes, one round: whether it works, not how fast it is
  --all                slow tools at every size, too: takes hours
  --out FILE           where the result goes (docs/performance/latest.json)
  --json               the result on stdout, instead of the tables
  --help               this text

As root, on Linux: the devices are real SSH servers in network namespaces of their own. The result can be shown again, and
docs/performance.md renewed from it, by: npm run bench:report -- [FILE]
`

export interface Invocation {
  readonly options: Options
  readonly out: string
  readonly json: boolean
  readonly help: boolean
}

const list = (text: string | undefined): readonly string[] => text?.split(',').filter(Boolean) ?? []

/** Reads the flags; throws with a message for people. */
export function readFlags(args: readonly string[], sections: readonly string[], tools: readonly string[]): Invocation {
  const { values } = parseArgs({
    args: [...args],
    options: {
      section: { type: 'string' },
      tool: { type: 'string' },
      size: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      'in-flight': { type: 'string' },
      against: { type: 'string' },
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const options = {
    sections: known(list(values.section), sections, '--section'),
    tools: known(list(values.tool), tools, '--tool'),
    sizes: numbers(values.size ?? (quick ? '20' : '100,500,1000'), '--size'),
    rounds: numbers(values.rounds, '--rounds')[0] ?? 1,
    inFlight: numbers(values['in-flight'] ?? (quick ? '20,60' : '250,1000,2000'), '--in-flight'),
    quick,
    all: values.all,
    ...(values.against !== undefined && { against: buildIn(values.against) }),
  }
  const whole = options.sections.length === 0 && options.tools.length === 0 && !quick && values.size === undefined
  // What is not the whole does not take the place of the whole.
  const out = values.out ?? (whole ? 'docs/performance/latest.json' : '.till/bench.json')
  return { options, out, json: values.json, help: values.help }
}

/** The folder of a build, whole; throws where there is none. */
function buildIn(folder: string): string {
  const root = resolve(folder)
  for (const part of ['bin/till', 'dist/commands', 'node_modules']) {
    if (!existsSync(join(root, part)))
      throw new Error(`--against: "${root}" has no ${part}. Run \`npm ci && npm run build\` there.`)
  }
  return root
}

function known(wanted: readonly string[], all: readonly string[], flag: string): readonly string[] {
  const unknown = wanted.find((id) => !all.includes(id))
  if (unknown !== undefined) throw new Error(`${flag}: there is no "${unknown}"; there are ${all.join(' ')}.`)
  return wanted
}

function numbers(text: string, flag: string): readonly number[] {
  const found = list(text).map(Number)
  const wrong = found.find((number) => !Number.isInteger(number) || number < 1 || number > 60_000)
  if (wrong !== undefined || found.length === 0)
    throw new Error(`${flag}: whole numbers from 1 to 60000, separated by commas.`)
  return found
}
