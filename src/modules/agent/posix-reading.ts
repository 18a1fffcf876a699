import type { ShellAnswer } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { FACTS } from '../../devices/agent/posix-look.ts'
import { modeOf } from '../../devices/file/read-file.ts'
import { readPackage } from '../../devices/package/package-manager.ts'
import { readService } from '../../devices/service/observe-service.ts'
import { parseFields } from '../../shell/tool-answer.ts'
import type { AgentKind, AgentReading, FileFacts } from './agent-state.ts'

type Facts = Readonly<Record<(typeof FACTS)[number], string>>

/** What `OBSERVE_AGENT` put out. */
export function readAgent(answer: ShellAnswer): Result<AgentReading> {
  if (answer.truncated) return unreadable('the configuration with all that it includes is too large')
  const parts = Buffer.from(answer.stdout).toString('latin1').split('\0')
  if (parts.length < FACTS.length) return unreadable('the answer is not whole')
  const facts = Object.fromEntries(FACTS.map((name, at) => [name, utf8(parts[at] ?? '')])) as Facts
  const read = readFiles(parts.slice(FACTS.length, -1))
  if (typeof read === 'string') return unreadable(read)
  const main = facts.real
  const texts = new Map([...read.texts].sort(([a], [b]) => Number(b === main) - Number(a === main)))
  const packaged = readPackage(facts.package)
  return success({
    kind: facts.kind as AgentKind,
    path: facts.path,
    binary: facts.binary,
    binaryVersion: facts.version,
    packageName: facts.package_name,
    package: packaged ?? { manager: undefined, installed: [], broken: false },
    serviceName: facts.service_name,
    service: readService(parseFields(facts.service)),
    answers: {
      ping: facts.ping === 'yes',
      by: facts.by,
      version: facts.running_version,
      listening: facts.listening === '' ? undefined : facts.listening === 'yes',
    },
    unfinished: facts.unfinished === 'yes',
    leftovers: linesOf(facts.leftovers),
    config: { main, files: texts, includes: read.includes },
    files: read.facts,
    ...(facts.psk !== '' && { psk: pskOf(facts) }),
  })
}

interface Files {
  readonly texts: Map<string, string>
  readonly facts: Map<string, FileFacts>
  readonly includes: Map<string, readonly string[]>
}

/** The files and includes; or what is wrong with them. */
function readFiles(parts: readonly string[]): Files | string {
  const files: Files = { texts: new Map(), facts: new Map(), includes: new Map() }
  for (let at = 0; at < parts.length; ) {
    const path = utf8(parts[at + 1] ?? '')
    if (parts[at] === 'include') {
      files.includes.set(path, linesOf(utf8(parts[at + 2] ?? '')))
      at += 3
      continue
    }
    const [listing = '', sum = '', size = '', content = ''] = parts.slice(at + 2, at + 6)
    if (parts[at] !== 'file' || content.length !== Number(size)) return `"${path}" is not a text, or changed meanwhile`
    const text = utf8(content)
    if (Buffer.byteLength(text) !== content.length) return `"${path}" is not UTF-8, which the agent wants`
    if (/\r(?!\n)/.test(text)) return `"${path}" has lines that end in a lone CR, which no agent reads as lines`
    const [, , uid = '', gid = ''] = listing.split(/\s+/)
    files.texts.set(path, text)
    files.facts.set(path, { mode: modeOf(listing) ?? '0644', owner: `${uid}:${gid}`, sum })
    at += 6
  }
  return files
}

function pskOf(facts: Facts): NonNullable<AgentReading['psk']> {
  const [, , owner, group] = facts.psk_names.split(/\s+/)
  const mode = modeOf(facts.psk_numbers)
  return {
    state: facts.psk as 'absent' | 'same' | 'differs',
    usualGroup: facts.has_group === 'yes' ? 'zabbix' : '',
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function unreadable(why: string): Result<AgentReading> {
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: `The agent could not be looked at: ${why}.` })
}
