import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { allOutages } from '../../app/outages/known-outages.ts'
import type { Project } from '../../app/project.ts'
import { ERROR_CATALOG } from '../../core/error-catalog.ts'
import { isMap, type JsonObject } from '../../core/json.ts'
import { DEVICE_STATES } from '../../core/outcome.ts'
import { textOrNothing } from '../../files/read-regular.ts'
import { namesOfPack, type PackNames } from '../../lang/inventory/pack.ts'
import type { Candidate } from './command-line.ts'

/** Names of the repository around a folder, as far as they are known without loading it. */
export class RepositoryNames {
  readonly #root: string | undefined
  #pack: PackNames | undefined

  constructor(start: string) {
    this.#root = rootOf(resolve(start))
  }

  /** `PL-0412/` for each store, and its devices once it is typed out. */
  devices(prefix: string): readonly Candidate[] {
    const slash = prefix.indexOf('/')
    const { stores } = this.#names()
    if (slash < 0) return values([...stores.keys()].map((id) => `${id}/`))
    const store = prefix.slice(0, slash)
    return values([...(stores.get(store) ?? [])].map((id) => `${store}/${id}`))
  }

  stores(): readonly Candidate[] {
    return values([...this.#names().stores.keys()])
  }

  regions(): readonly Candidate[] {
    return values([...this.#names().regions])
  }

  runbooks(): readonly Candidate[] {
    const folder = this.#path('runbooks', 'runbooks')
    if (folder === undefined || !existsSync(folder)) return []
    const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
    return values(files.map((name) => name.replace(/\.ya?ml$/, '')))
  }

  /** The last runs, newest first; with `states`, also a colon and a state behind one that is typed out. */
  async runs(
    prefix: string,
    options: { readonly sandbox: boolean; readonly states: boolean },
  ): Promise<readonly Candidate[]> {
    const [run, state] = prefix.split(':')
    if (state !== undefined) return options.states ? values(DEVICE_STATES.map((one) => `${run}:${one}`)) : []
    const file = this.#state(options)
    const latest = [{ value: 'latest', about: 'the newest run' }]
    if (file === undefined || !existsSync(file)) return latest
    const { openStore } = await import('../../app/history/open-store.ts')
    const store = await openStore({ file })
    const runs = await store.runs({ limit: 30 })
    await store.close()
    return [
      ...latest,
      ...runs.map((one) => ({ value: one.run, about: `${one.mode} ${one.runbooks.join(', ')}, ${one.state}` })),
    ]
  }

  /** Incidents that are not closed, newest first. */
  async incidents(options: { readonly sandbox: boolean }): Promise<readonly Candidate[]> {
    const file = this.#state(options)
    if (file === undefined || !existsSync(file)) return []
    const { openIncidentStore } = await import('../../app/history/open-store.ts')
    const store = await openIncidentStore({ file })
    const open = await store.incidents({ limit: 100 })
    await store.close()
    return open.map(({ incident, fault, title }) => ({ value: incident, about: `${fault}, ${title}` }))
  }

  /** Episodes that are not closed, newest first. */
  async episodes(options: { readonly sandbox: boolean }): Promise<readonly Candidate[]> {
    const file = this.#state(options)
    if (file === undefined || !existsSync(file)) return []
    const { openHookStore } = await import('../../app/history/open-store.ts')
    const { episodeView } = await import('../../app/hooks/episode-view.ts')
    const store = await openHookStore({ file })
    const open = await store.episodes({ closed: false, limit: 100 })
    await store.close()
    return open.map(episodeView).map(({ episode, device, state }) => ({ value: episode, about: `${device}, ${state}` }))
  }

  /** What is held, each store or device once. */
  async holds(options: { readonly sandbox: boolean }): Promise<readonly Candidate[]> {
    const { listHolds } = await import('../../app/safety/holds.ts')
    const holds = await this.#told(options, listHolds)
    return [...new Map(holds.map(({ on, why }) => [on, { value: on, about: why }])).values()]
  }

  /** Outages that go on or are to come. */
  async outages(options: { readonly sandbox: boolean }): Promise<readonly Candidate[]> {
    const { outageState } = await import('../../core/outage.ts')
    const outages = await this.#told(options, async (project) => {
      const [fleet, store] = await Promise.all([project.fleet(), project.store()])
      return allOutages(store, fleet)
    })
    const known = outages.filter((outage) => outageState(outage, Date.now()) !== 'over')
    return known.map(({ outage, why }) => ({ value: outage, about: why }))
  }

  /** `NAME=` for each parameter of a runbook. */
  async params(runbook: string | undefined): Promise<readonly Candidate[]> {
    const folder = this.#path('runbooks', 'runbooks')
    if (runbook === undefined || folder === undefined) return []
    const file = [runbook, join(folder, `${runbook}.yaml`), join(folder, `${runbook}.yml`)].find(
      (path) => /\.ya?ml$/.test(path) && existsSync(path),
    )
    const { params } = file === undefined ? {} : await mapIn(file)
    return Object.keys(isMap(params) ? params : {}).map((name) => ({ value: `${name}=` }))
  }

  /** Those that are shipped and the repository's own, or the latter alone. */
  async modules({ own }: { readonly own: boolean }): Promise<readonly Candidate[]> {
    const { modulesHere } = await import('../../app/modules/modules-here.ts')
    const modules = await modulesHere(this.#root)
    return (own ? modules.own : modules.all).map(({ name, summary }) => ({ value: name, about: summary }))
  }

  /** `NAME=` for each fault of a sandbox. */
  async faults(): Promise<readonly Candidate[]> {
    const { FAULTS } = await import('../../app/sandbox/sandbox-foreground.ts')
    const known = Object.entries(FAULTS).map(([name, about]) => ({ value: `${name}=`, about }))
    return [...known, { value: 'none=', about: 'takes faults away' }]
  }

  async assignments(): Promise<readonly Candidate[]> {
    const file = this.#below('tillwright.yaml')
    if (file === undefined) return []
    const { readAssignments } = await import('../../lang/read-assignments.ts')
    const { parseYaml } = await import('../../lang/yaml.ts')
    const { assignments } = readAssignments(parseYaml(textOrNothing(file), file))
    return assignments.map(({ name, runbook }) => ({ value: name, about: runbook }))
  }

  /** The names below a key of tillwright.yaml. */
  async keysOf(key: string): Promise<readonly Candidate[]> {
    const file = this.#below('tillwright.yaml')
    const map = file === undefined ? {} : (await mapIn(file))[key]
    return values(Object.keys(isMap(map) ? map : {}))
  }

  /** What is asked of the whole repository, where it has a state. */
  async #told<T>(
    options: { readonly sandbox: boolean },
    ask: (project: Project) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const file = this.#state(options)
    if (this.#root === undefined || file === undefined || !existsSync(file)) return []
    const { openProject } = await import('../../app/project.ts')
    const project = await openProject(this.#root, options)
    try {
      return await ask(project)
    } finally {
      await project.close()
    }
  }

  #state({ sandbox }: { readonly sandbox: boolean }): string | undefined {
    return sandbox ? this.#below('.till/sandbox-state.db') : this.#path('state', '.till/state.db')
  }

  #names(): PackNames {
    this.#pack ??= this.#readPack()
    return this.#pack
  }

  /** Every command that reads the inventory leaves this behind; it may be a little older than the files. */
  #readPack(): PackNames {
    const file = this.#below('.till/cache/inventory.pack')
    const names = file !== undefined && existsSync(file) ? namesOfPack(readFileSync(file)) : undefined
    return names ?? { stores: new Map(), regions: new Set() }
  }

  #below(path: string): string | undefined {
    return this.#root === undefined ? undefined : join(this.#root, path)
  }

  /** A path of the project file, which is short and flat where it says one. */
  #path(key: string, usual: string): string | undefined {
    const file = this.#below('tillwright.yaml')
    if (file === undefined) return undefined
    const [, written] =
      new RegExp(`^${key}:[ \\t]*["']?([^"'#\\n]+?)["']?[ \\t]*(?:#.*)?$`, 'm').exec(textOrNothing(file)) ?? []
    const path = written ?? usual
    return isAbsolute(path) ? path : this.#below(path)
  }
}

/** Every code of the catalogue. */
export function errorCodes(): readonly Candidate[] {
  return Object.entries(ERROR_CATALOG).map(([value, { title }]) => ({ value, about: title }))
}

async function mapIn(file: string): Promise<JsonObject> {
  const { parseYaml } = await import('../../lang/yaml.ts')
  const { value } = parseYaml(textOrNothing(file), file)
  return isMap(value) ? value : {}
}

function values(names: readonly string[]): readonly Candidate[] {
  return names.map((value) => ({ value }))
}

function rootOf(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'tillwright.yaml'))) return folder
    if (dirname(folder) === folder) return undefined
  }
}
