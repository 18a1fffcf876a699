import type { JsonObject, JsonValue } from '../../core/json.ts'

/** Stands in place of a value that ansible-vault has encrypted. */
export const VAULT = '$ANSIBLE_VAULT;'

export interface AnsibleGroup {
  readonly hosts: Set<string>
  readonly children: Set<string>
  /** Of the inventory itself, and of its group_vars, which win. */
  readonly vars: Record<string, JsonValue>
  readonly fileVars: Record<string, JsonValue>
}

interface AnsibleHost {
  /** Where it is written first. */
  place?: { readonly file: string; readonly line: number }
  readonly vars: Record<string, JsonValue>
  readonly fileVars: Record<string, JsonValue>
}

/** An inventory of Ansible, as its files say it. */
export class AnsibleInventory {
  readonly groups = new Map<string, AnsibleGroup>()
  readonly hosts = new Map<string, AnsibleHost>()
  /** The file that is being read. */
  file = ''

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
    const rank = (name: string): number => Number(this.group(name).vars['ansible_group_priority'] ?? 1)
    const depths = this.#depths()
    const depth = (name: string): number => depths.get(name) ?? 1
    return [...found].sort((a, b) => depth(a) - depth(b) || rank(a) - rank(b) || (a < b ? -1 : 1))
  }

  /** Values of a host by the precedence of Ansible: the inventory, then group_vars, then the host, then host_vars. */
  varsOf(host: string): JsonObject {
    const groups = ['all', ...this.groupsOf(host)].map((name) => this.group(name))
    const { vars, fileVars } = this.host(host)
    const layers = [...groups.map((group) => group.vars), ...groups.map((group) => group.fileVars), vars, fileVars]
    const { ansible_group_priority: _priority, ...effective } = Object.assign({}, ...layers) as Record<
      string,
      JsonValue
    >
    return effective
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
