import type { Change } from '../../core/change.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { inClear, Secret } from '../../core/secret.ts'
import {
  CHANGE_WINDOWS_AGENT,
  OBSERVE_WINDOWS_AGENT,
  type WindowsAgent,
  type WindowsChange,
} from '../../devices/agent/windows-agent.ts'
import { packageFile } from '../../devices/package/package-file.ts'
import { finishMsi, installMsi, secretProperty } from '../../devices/package/windows-install.ts'
import { type FoundPrograms, OBSERVE } from '../../devices/package/windows-installer.ts'
import { OBSERVE_WINDOWS_SERVICE, serviceOf, type WindowsServiceAnswer } from '../../devices/service/windows-service.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import type { Side } from '../define.ts'
import { type AgentKind, type AgentParams, type AgentReading, type AgentState, changedFiles } from './agent-state.ts'
import { actOf, INSTALLS, PATIENCE_S, sends } from './change.ts'
import { desired } from './desired-agent.ts'
import { windowsVerdict } from './verdict.ts'

export const onWindows: Side<AgentParams, AgentState> = { observe, converge, sends }

/** What the MSI calls them, and the folders in it that it puts them into: that of 32 bits is another. */
const NAMES: Readonly<Record<AgentKind, string>> = { zabbix_agent2: 'Zabbix Agent 2', zabbix_agentd: 'Zabbix Agent' }
const FOLDERS = ['C:\\Program Files', 'C:\\Program Files (x86)']

interface Places {
  readonly kind: AgentKind
  /** Empty: what the service is started with, else the usual one. */
  readonly path: string
  readonly usual: string
  /** Where its program may be. */
  readonly exes: readonly string[]
  readonly product: string
  readonly service: string
}

function placesOf(params: AgentParams): Places {
  const kind = params.kind ?? 'zabbix_agent2'
  const name = NAMES[kind]
  const path = (params.path ?? '').replaceAll('/', '\\')
  const usual = `${FOLDERS[0]}\\${name}\\${kind}.conf`
  const exes = FOLDERS.map((folder) => `${folder}\\${name}\\${kind}.exe`)
  const product = params.package ?? name
  return { kind, path, usual, exes, product, service: params.service ?? name }
}

async function observe({ shell }: ModuleContext, params: AgentParams): Promise<Result<AgentState>> {
  const secret = secretProperty(params.properties)
  if (secret) return fail(secret)
  const at = placesOf(params)
  const { path, usual, exes, service } = at
  const values = {
    path,
    usual,
    exe: exes.join('|'),
    service,
    psk_path: params.psk?.path ?? '',
    psk_key: params.psk?.key ?? '',
  }
  const [found, said, agent, file] = await Promise.all([
    askJson<FoundPrograms>(shell, OBSERVE, { values: { name: at.product } }, 'The programs'),
    askJson<WindowsServiceAnswer>(
      shell,
      OBSERVE_WINDOWS_SERVICE,
      { values: { name: service, account: '' } },
      'The service',
    ),
    askJson<WindowsAgent>(
      shell,
      OBSERVE_WINDOWS_AGENT,
      { values, maxOutputBytes: 4 * 1024 * 1024 },
      'Looking at the agent',
    ),
    params.file && packageFile(params.file),
  ])
  if (!found.ok) return found
  if (!said.ok) return said
  if (!agent.ok) return fail(withoutOutput(agent.failure))
  if (file && !file.ok) return file
  const reading = readingOf(at, params, {
    installed: found.value.products.filter(({ user }) => user === '').map(({ version }) => version),
    service: said.value.exists ? serviceOf(said.value) : undefined,
    agent: agent.value,
    unfinishedMsi: found.value.unfinished,
  })
  const desiredValue = desired(params, reading.config)
  if (!desiredValue.ok) return desiredValue
  return success({ ...reading, ...desiredValue.value, ...(file && { file: file.value }) })
}

function withoutOutput({ evidence: _evidence, ...failure }: Failure): Failure {
  return failure
}

function readingOf(
  { kind, product, service: serviceName }: Places,
  params: AgentParams,
  seen: {
    installed: readonly string[]
    service: AgentReading['service']
    agent: WindowsAgent
    unfinishedMsi: boolean
  },
): AgentReading {
  const { agent, installed, service, unfinishedMsi } = seen
  const { path } = agent
  const files = new Map(agent.files.map((one) => [one.path, { mode: '', owner: '', sum: one.sum }]))
  const texts = agent.files.map((one) => [one.path, Buffer.from(one.content, 'base64').toString('utf8')] as const)
  return {
    kind,
    path,
    binary: agent.version === '' ? '' : agent.exe,
    binaryVersion: agent.version,
    packageName: product,
    package: { manager: 'msi', installed, broken: false },
    serviceName,
    service,
    answers: {
      ping: agent.ping,
      by: agent.by,
      version: agent.running,
      listening: agent.listening ?? undefined,
    },
    unfinished: agent.unfinished || unfinishedMsi,
    unfinishedMsi,
    leftovers: [],
    config: {
      main: path,
      files: new Map(texts),
      includes: new Map(agent.includes.map((one) => [one.pattern, one.files])),
    },
    files,
    ...(params.psk && { psk: { state: agent.psk, usualGroup: '' } }),
  }
}

async function converge(
  context: ModuleContext,
  params: AgentParams,
  changes: readonly Change[],
  state: AgentState,
): Promise<Result<void>> {
  if (state.unfinishedMsi) return finish(context, changes, state)
  const installs = changes.some(({ path }) => INSTALLS.test(path))
  if (installs) {
    const installed = await install(context, params, state)
    if (!installed.ok) return installed
  }
  const { kind, path, exes, service } = placesOf(params)
  const isNew = installs && path === '' && state.service === undefined
  const read = isNew ? await readByService(context, params, state) : success(state)
  if (!read.ok) return read
  const made = read.value
  const wasRunning = state.service?.active === 'running'
  const values = {
    kind,
    path: made.path,
    exe: exes.join('|'),
    service,
    act: actOf(changes, wasRunning),
    boot: bootOf(changes, params),
    patience: params.patience_s ?? PATIENCE_S,
    was_running: wasRunning,
    files: new Secret(JSON.stringify(filesOf(params, changes, made))),
  }
  const question = { values, whole: true }
  const done = await askJson<WindowsChange>(context.shell, CHANGE_WINDOWS_AGENT, question, 'The change of the agent')
  if (!done.ok) {
    const { code } = done.failure
    return fail({ ...done.failure, phase: 'converge', code: code === 'OBSERVE_FAILED' ? 'CONVERGE_FAILED' : code })
  }
  return windowsVerdict(done.value, installs ? (state.package.installed[0] ?? null) : undefined)
}

function bootOf(changes: readonly Change[], { enabled }: AgentParams): string {
  if (changes.every(({ path }) => path !== 'enabled')) return ''
  return enabled ? 'enable' : 'disable'
}

/** A service that came with an MSI may be started with a file in another folder than the usual one. */
async function readByService(
  context: ModuleContext,
  params: AgentParams,
  state: AgentState,
): Promise<Result<AgentState>> {
  const now = await observe(context, params)
  return now.ok && now.value.path === state.path ? success(state) : now
}

/** What else differs was read while the configuration was that of the MSI. */
async function finish({ shell }: ModuleContext, changes: readonly Change[], state: AgentState): Promise<Result<void>> {
  const finished = await finishMsi(shell, state.packageName)
  if (!finished.ok || changes.every(({ path }) => path === 'unfinished')) return finished
  const message =
    'An installation that was begun earlier was finished, and the configuration from before it put back; nothing else was changed yet.'
  return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message, hint: 'Apply it once more.' })
}

/** The MSI renames the configuration and writes a new one, so all of it is saved before and put back after it. */
function install({ shell }: ModuleContext, params: AgentParams, state: AgentState): Promise<Result<void>> {
  if (!state.file) {
    const message = `There is no package source on Windows: the agent needs a \`file\` of the repository.`
    return Promise.resolve(fail({ code: 'PARAMS_INVALID', phase: 'converge', message }))
  }
  const { file, properties } = params
  const keep = [...state.config.files.keys()]
  const msi = { name: state.packageName, keep, ...(file && { file }), ...(properties && { properties }) }
  return installMsi(shell, msi, state.file)
}

function filesOf(params: AgentParams, changes: readonly Change[], state: AgentState): object[] {
  const config = changedFiles(state).map(({ path, text }) => ({
    path,
    part: 'config',
    text,
    // What the MSI brings where nothing was, nobody knows.
    sum: state.binary === '' ? 'any' : (state.files.get(path)?.sum ?? 'absent'),
  }))
  const { psk } = params
  if (!psk || !changes.some(({ path }) => path === 'psk')) return config
  return [...config, { path: psk.path, part: 'psk', text: `${inClear(psk.key)}\r\n`, sum: 'any' }]
}
