import { Scalar, stringify } from 'yaml'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { parsePythonLiteral, pythonLiteral } from './python-literal.ts'

/** Hosts and groups of Ansible that devices amount to. Host names have no slash, since files are named after them. */
interface ForAnsible {
  readonly hosts: ReadonlyMap<string, JsonObject>
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Regions hold stores, stores hold hosts. */
  readonly regions: ReadonlyMap<string, ReadonlySet<string>>
}

/** `PL-0412/pos1` as a name of a host: `PL-0412_pos1`. */
function hostName(device: string): string {
  return device.replace('/', '_')
}

/** A name of a group: letters, digits and underscores. */
function groupName(kind: string, id: string): string {
  return `${kind}_${id.replace(/[^A-Za-z0-9_]/g, '_')}`
}

function forAnsible(devices: readonly Device[], fleet: Fleet): ForAnsible {
  const groups = new Map<string, string[]>()
  const regions = new Map<string, Set<string>>()
  const hosts = new Map<string, JsonObject>()
  for (const device of devices) {
    const name = hostName(device.name)
    hosts.set(name, hostVars(device, fleet))
    const store = groupName('store', device.store)
    const region = groupName('region', device.region)
    regions.set(region, (regions.get(region) ?? new Set()).add(store))
    const own = [
      ['kind', device.kind],
      ['os', device.os.family],
      ['profile', device.profile],
      ...device.tags.map((tag) => ['tag', tag]),
    ]
    for (const group of [store, ...own.map(([kind = '', id = '']) => groupName(kind, id))]) {
      const members = groups.get(group)
      if (members) members.push(name)
      else groups.set(group, [name])
    }
  }
  return { hosts, groups, regions }
}

/** What Ansible needs to reach a device, then its values, then what it is. Secrets are looked up where they are. */
function hostVars(device: Device, fleet: Fleet): JsonObject {
  const { transport } = device
  const [key] = transport.keys ?? []
  const password = lookup(transport.password)
  const become = transport.become ? { ansible_become: true, ansible_become_method: transport.become.method } : {}
  const becomePassword = lookup(transport.become?.password)
  const jump = jumpOf(device, fleet)
  return {
    ...device.vars,
    ...(device.address !== '' && { ansible_host: device.address }),
    ansible_connection: transport.type === 'none' ? 'local' : transport.type,
    ...(transport.port !== undefined && { ansible_port: transport.port }),
    ...(transport.user !== undefined && { ansible_user: transport.user }),
    ...(key !== undefined && { ansible_ssh_private_key_file: key }),
    ...(password !== undefined && { ansible_password: password }),
    ...(transport.type === 'winrm' && { ansible_winrm_transport: transport.auth ?? 'ntlm' }),
    ...become,
    ...(becomePassword !== undefined && { ansible_become_password: becomePassword }),
    ...(jump !== undefined && { ansible_ssh_common_args: `-o ProxyJump=${jump}` }),
    till_device: device.name,
    till_store: device.store,
    till_region: device.region,
    till_kind: device.kind,
    till_os: { ...device.os },
  }
}

function lookup(reference: { readonly secret: string } | undefined): string | undefined {
  const [, source, place] = /^(env|file):(.*)$/s.exec(reference?.secret ?? '') ?? []
  return source === undefined ? undefined : `{{ lookup('${source}', ${JSON.stringify(place)}) }}`
}

function jumpOf({ transport, store }: Device, fleet: Fleet): string | undefined {
  if (transport.via === undefined || transport.type !== 'ssh') return undefined
  const id = transport.via === 'gateway' ? fleet.stores.get(store)?.gateway : transport.via
  const gateway = fleet.devices.get(id?.includes('/') ? id : `${store}/${id ?? ''}`)
  if (gateway === undefined || gateway.address === '') return undefined
  const user = gateway.transport.user === undefined ? '' : `${gateway.transport.user}@`
  const port = gateway.transport.port === undefined ? '' : `:${gateway.transport.port}`
  return `${user}${gateway.address}${port}`
}

/** Devices as an inventory of Ansible in YAML. */
export function ansibleYaml(devices: readonly Device[], fleet: Fleet): string {
  const { hosts, groups, regions } = forAnsible(devices, fleet)
  const named = (names: readonly string[]): JsonObject => Object.fromEntries(names.map((name) => [name, null]))
  const inRegions = [...regions].map(([region, stores]): [string, JsonValue] => {
    const children = [...stores].map((store): [string, JsonValue] => [store, { hosts: named(groups.get(store) ?? []) }])
    return [region, { children: Object.fromEntries(children) }]
  })
  const others = [...groups].filter(([name]) => !name.startsWith('store_'))
  const children = Object.fromEntries([
    ...inRegions,
    ...others.map(([name, members]) => [name, { hosts: named(members) }] as const),
  ])
  return stringify({ all: { hosts: Object.fromEntries(hosts), children } }, inQuotes, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    version: '1.1',
  })
}

/** To PyYAML a lone `=` is a tag of its own (`tag:yaml.org,2002:value`), which it refuses, and the whole file with it. */
function inQuotes(_key: unknown, value: unknown): unknown {
  if (value !== '=') return value
  const scalar = new Scalar(value)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

/** Devices as an inventory of Ansible in INI. */
export function ansibleIni(devices: readonly Device[], fleet: Fleet): string {
  const { hosts, groups, regions } = forAnsible(devices, fleet)
  const lines = [...hosts].map(([name, vars]) =>
    [name, ...Object.entries(vars).map(([key, value]) => `${key}=${shellWord(iniValue(value))}`)].join(' '),
  )
  const sections = [...groups].map(([name, members]) => `\n[${name}]\n${members.join('\n')}`)
  const parents = [...regions].map(([name, stores]) => `\n[${name}:children]\n${[...stores].join('\n')}`)
  return `${[...lines, ...sections, ...parents].join('\n')}\n`
}

/** Text that Python would take for something else is quoted: `-5`, `.5`, `{}` and `None,` are values there; and so is what has lines. */
function iniValue(value: JsonValue): string {
  if (typeof value !== 'string') return pythonLiteral(value)
  return /^[^"'\\\p{Cc}]+$/u.test(value) && parsePythonLiteral(value) === value ? value : JSON.stringify(value)
}

function shellWord(text: string): string {
  return /^[\w./~@:+,-]+$/.test(text) ? text : `"${text.replace(/(["\\])/g, '\\$1')}"`
}
