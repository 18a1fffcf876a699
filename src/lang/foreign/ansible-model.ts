import type { JsonObject, JsonValue } from '../../core/json.ts'

/** Stands in place of a value that ansible-vault has encrypted. */
export const VAULT = '$ANSIBLE_VAULT;'

/** Where something is written. */
export interface AnsiblePlace {
  readonly file: string
  readonly line: number
}

export interface AnsibleGroup {
  readonly hosts: Set<string>
  readonly children: Set<string>
  /** Of the inventory itself, and of its group_vars, which win. */
  readonly vars: Record<string, JsonValue>
  readonly fileVars: Record<string, JsonValue>
}

interface AnsibleHost {
  /** Where it is written first. */
  place?: AnsiblePlace
  readonly vars: Record<string, JsonValue>
  readonly fileVars: Record<string, JsonValue>
}

/** An inventory of Ansible, as its files say it. */
export class AnsibleInventory {
  readonly groups = new Map<string, AnsibleGroup>()
  readonly hosts = new Map<string, AnsibleHost>()
  /** The file that is being read. */
  file = ''
  readonly #places = new WeakMap<object, Map<string, AnsiblePlace>>()

  group(name: string): AnsibleGroup {
    const group = this.groups.get(name) ?? { hosts: new Set(), children: new Set(), vars: {}, fileVars: {} }
    this.groups.set(name, group)
    return group
  }

  host(name: string): AnsibleHost {
    const host = this.hosts.get(name) ?? { vars: {}, fileVars: {} }
    this.hosts.set(name, host)
    return host
  }

  /** Notes where a host is written, unless it is known. */
  stands(name: string, line: number): void {
    this.host(name).place ??= { file: this.file, line }
  }

  /** Takes values up, each with its line in the file that is being read. */
  assign(vars: Record<string, JsonValue>, more: JsonObject, lineOf: (name: string) => number): void {
    const places = this.#places.get(vars) ?? new Map<string, AnsiblePlace>()
    this.#places.set(vars, places)
    for (const [name, value] of Object.entries(more)) {
      vars[name] = value
      places.set(name, { file: this.file, line: lineOf(name) })
    }
  }

  /** Where the value of a host is written that counts. */
  placeOf(host: string, name: string): AnsiblePlace | undefined {
    const layer = this.#layersOf(host).findLast((vars) => Object.hasOwn(vars, name))
    return layer && this.#places.get(layer)?.get(name)
  }

  /** Every group that a host is in, by itself or through a child, from the widest to the narrowest; without `all`. */
  groupsOf(host: string): readonly string[] {
    const found = new Set<string>()
    const climb = (name: string): void => {
      if (found.has(name)) return
      found.add(name)
      for (const [parent, { children }] of this.groups) if (children.has(name)) climb(parent)
    }
    for (const [name, { hosts }] of this.groups) if (hosts.has(host)) climb(name)
    found.delete('all')
    // Whoever is in no group is in `ungrouped`, and nobody else is (reconcile_inventory of Ansible's inventory/data.py).
    if (found.size > 1) found.delete('ungrouped')
    else if (found.size === 0) found.add('ungrouped')
    const rank = (name: string): number => Number(this.group(name).vars['ansible_group_priority'] ?? 1)
    const depths = this.#depths()
    const depth = (name: string): number => depths.get(name) ?? 1
    return [...found].sort((a, b) => depth(a) - depth(b) || rank(a) - rank(b) || (a < b ? -1 : 1))
  }

  /** Values of a host by the precedence of Ansible: the inventory, then group_vars, then the host, then host_vars. */
  varsOf(host: string): JsonObject {
    const { ansible_group_priority: _priority, ...effective } = Object.assign({}, ...this.#layersOf(host)) as Record<
      string,
      JsonValue
    >
    return effective
  }

  #layersOf(host: string): readonly Record<string, JsonValue>[] {
    const groups = ['all', ...this.groupsOf(host)].map((name) => this.group(name))
    const { vars, fileVars } = this.host(host)
    return [...groups.map((group) => group.vars), ...groups.map((group) => group.fileVars), vars, fileVars]
  }

  /** How far each group lies below `all`: the longest way counts. A circle ends where it began. */
  #depths(): ReadonlyMap<string, number> {
    const depths = new Map<string, number>()
    const sink = (name: string, depth: number, above: readonly string[]): void => {
      if (above.includes(name) || (depths.get(name) ?? 0) >= depth) return
      depths.set(name, depth)
      for (const child of this.group(name).children) sink(child, depth + 1, [...above, name])
    }
    for (const name of [...this.groups.keys()]) sink(name, 1, [])
    return depths
  }
}
