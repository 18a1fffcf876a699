import { createHash } from 'node:crypto'
import { type Given, json, type StandIn } from './answering.ts'
import { AGENT_FOLDER } from './initial-machine.ts'
import type { WindowsMachine } from './windows-machine.ts'
import { agentConfigProblem, agentVersion } from './zabbix-agent.ts'

/** Of src/devices/agent/agent-exit.ts: what the fragment `agent.change` says. */
const EXIT = { refused: 81, moved: 82 } as const

const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The agent of the sandbox includes nothing, and answers while its service runs. */
const observe: StandIn = (machine, given) => {
  const { files } = machine
  const path = given.text('path') || given.text('usual')
  const isThere = files.kindOf(`${AGENT_FOLDER}\\zabbix_agent2.exe`) === 'file'
  const version = isThere ? agentVersion(machine) : ''
  const runs = isThere && machine.service(given.text('service'))?.status === 'Running'
  const content = files.kindOf(path) === 'file' ? [files.read(path)] : []
  return json({
    path,
    exe: isThere ? `${AGENT_FOLDER}\\zabbix_agent2.exe` : '',
    version,
    files: content.map((bytes) => ({ path, sum: sumOf(bytes), content: bytes.toString('base64') })),
    includes: [],
    ping: runs,
    by: runs ? 'port' : '',
    running: runs ? version : '',
    listening: runs,
    unfinished: false,
    psk: pskOf(machine, given),
  })
}

function pskOf({ files }: WindowsMachine, given: Given): string {
  const path = given.text('psk_path')
  if (path === '' || files.kindOf(path) !== 'file') return 'absent'
  return files.read(path).toString('utf8').trim() === given.text('psk_key') ? 'same' : 'differs'
}

interface NewFile {
  readonly path: string
  readonly text: string
  readonly sum: string
}

const change: StandIn = (machine, given) => {
  const { files } = machine
  const news = JSON.parse(given.text('files')) as readonly NewFile[]
  const before = news.map(({ path }) => (files.kindOf(path) === 'file' ? files.read(path) : undefined))
  const moved = news.find(({ sum }, at) => {
    const is = before[at]
    return sum !== 'any' && sum !== (is ? sumOf(is) : 'absent')
  })
  if (moved) return json({ exit: EXIT.moved, said: moved.path, answers: null })
  for (const { path, text } of news) files.write(path, Buffer.from(text))
  const problem = agentConfigProblem(machine, given.text('path'))
  const service = machine.service(given.text('service'))
  if (problem !== undefined) {
    for (const [at, { path }] of news.entries()) {
      const was = before[at]
      if (was) files.write(path, was)
      else files.remove(path)
    }
    return json({ exit: EXIT.refused, said: problem, answers: given.flag('was_running') ? true : null })
  }
  machine.change(() => {
    if (!service) return
    if (given.text('boot') !== '') service.start = given.text('boot') === 'enable' ? 2 : 3
    if (given.text('act') !== '') service.status = 'Running'
  })
  return json({ exit: 0, said: '', answers: null })
}

export const AGENT_STAND_INS: Readonly<Record<string, StandIn>> = {
  'agent.observe': observe,
  'agent.change': change,
}
