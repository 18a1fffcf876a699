import type { Episode } from '../../core/episode.ts'
import type { SystemSettings } from '../../core/hook-rule.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { alertmanagerSystem } from '../../hooks/systems/alertmanager.ts'
import type { Hush, MonitoringSystem, Told } from '../../hooks/systems/system.ts'
import { zabbixSystem } from '../../hooks/systems/zabbix.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader } from '../reach/secrets.ts'

export type { Hush }

/** Systems of monitoring whose API the repository names: asked before a repair, told after it. */
export interface Systems {
  /** Whether there is somebody to ask about an episode. */
  knows(episode: Episode): boolean
  /** Whether all who told of an episode let it be worked on. */
  hush(episode: Episode): Promise<Hush>
  /** Whether somebody who told of an episode has a place for what was done about it. */
  hears(episode: Episode): boolean
  /** Undefined where nobody has a place for it. */
  tell(episode: Episode, what: Parameters<NonNullable<MonitoringSystem['tell']>>[1]): Promise<Told | undefined>
}

/** Tokens are read anew this often at most. */
const REREAD_MS = 1_000

/** The API of each source. */
const SYSTEMS = { zabbix: zabbixSystem, alertmanager: alertmanagerSystem } as const

/** Those that have a place for what was done. */
const HEARING: ReadonlySet<SystemSettings['source']> = new Set(['zabbix'])

export function openSystems(project: Project): Systems {
  const systems = project.settings.hooks().systems.map((settings) => new System(project, settings))
  return {
    knows: (episode) => systems.some(({ source }) => idsOf(episode, source).length > 0),
    hears: (episode) => systems.some(({ source }) => HEARING.has(source) && idsOf(episode, source).length > 0),
    async hush(episode) {
      for (const system of systems) {
        const ids = idsOf(episode, system.source)
        if (ids.length === 0) continue
        const hush = await system.hush(ids)
        if (hush.state !== 'open') return hush
      }
      return { state: 'open' }
    },
    async tell(episode, what) {
      let told: Told | undefined
      for (const system of systems) {
        const ids = idsOf(episode, system.source)
        if (ids.length === 0) continue
        const one = await system.tell(ids, what)
        if (!told || told.ok) told = one ?? told
      }
      return told
    },
  }
}

/** One system. Its token is kept, and read anew once it could not be read or did not help: it may have come, or be another by now. */
class System {
  readonly source: SystemSettings['source']
  readonly #project: Project
  readonly #settings: SystemSettings
  #opened: Promise<MonitoringSystem | Unreadable> | undefined
  #openedAt = 0

  constructor(project: Project, settings: SystemSettings) {
    this.source = settings.source
    this.#project = project
    this.#settings = settings
  }

  async hush(ids: readonly string[]): Promise<Hush> {
    const system = await this.#open()
    const hush: Hush = 'why' in system ? { state: 'unknown', why: system.why } : await system.hush(ids)
    if (hush.state === 'unknown') this.#doubt()
    return hush
  }

  async tell(
    ids: readonly string[],
    what: Parameters<NonNullable<MonitoringSystem['tell']>>[1],
  ): Promise<Told | undefined> {
    const system = await this.#open()
    const told: Told | undefined = 'why' in system ? { ok: false, why: system.why } : await system.tell?.(ids, what)
    if (told?.ok === false) this.#doubt()
    return told
  }

  #open(): Promise<MonitoringSystem | Unreadable> {
    if (this.#opened === undefined) {
      this.#opened = openSystem(this.#project, this.#settings)
      this.#openedAt = performance.now()
    }
    return this.#opened
  }

  #doubt(): void {
    if (performance.now() - this.#openedAt >= REREAD_MS) this.#opened = undefined
  }
}

/** Its token cannot be read. */
export interface Unreadable {
  readonly source: string
  readonly why: string
}

/** The API of one system, with its token, or why that cannot be read. */
export async function openSystem(
  project: Project,
  { source, url, token }: SystemSettings,
): Promise<MonitoringSystem | Unreadable> {
  const read = await readToken(project, { source, ...(token !== undefined && { token }) })
  if (!read.ok) return { source, why: read.why }
  return SYSTEMS[source]({ url, ...(read.token !== undefined && { token: read.token }) })
}

/** The token of a system, where it has one. */
export async function readToken(
  project: Project,
  { source, token }: { readonly source: string; readonly token?: string },
): Promise<{ readonly ok: true; readonly token?: string } | { readonly ok: false; readonly why: string }> {
  if (token === undefined) return { ok: true }
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const secret = await secrets.read(token)
  if (secret.ok) return { ok: true, token: secret.value.reveal() }
  return { ok: false, why: `The token for ${source} cannot be read: ${secret.failure.message}` }
}

/** Occurrences of an episode that are firing, or all where none is, by the ids that a source gives them. */
function idsOf(episode: Episode, source: string): readonly string[] {
  const known = Object.entries(episode.alerts).map(([key, { state }]) => {
    const [of = '', id = ''] = JSON.parse(key) as string[]
    return { of, id, state }
  })
  const own = known.filter(({ of }) => of === source)
  const firing = own.filter(({ state }) => state === 'firing')
  return (firing.length > 0 ? firing : own).map(({ id }) => id)
}
