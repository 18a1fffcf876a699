import type { Diagnostic } from '../../core/diagnostic.ts'
import { DEVICE_KINDS } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { type Pattern } from '../../pattern/pattern.ts'
import { type AnsibleInventory, VAULT } from './ansible-model.ts'
import { type AnsibleWay, ansibleWay, isLiteral, type Lose, unknownToUs } from './ansible-transport.ts'
import { Losses } from './foreign-diagnostic.ts'
import { type ImportedDevice, nameFrom } from './imported-device.ts'

/** How hosts become devices of stores. */
export interface AnsibleMapping {
  /** Where the store of a host is written: in its name, in the name of a group, or in a variable. */
  readonly storeBy:
    | { readonly in: 'name' | 'group'; readonly pattern: Pattern }
    | { readonly in: 'var'; readonly name: string }
  /** The store of hosts of which it cannot be told. */
  readonly otherStore: string
  /** Kinds of devices by group; others are tills. */
  readonly kinds: ReadonlyMap<string, string>
}

export interface ImportedHosts {
  readonly devices: readonly ImportedDevice[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Hosts of Ansible as devices; `file` is where what was not carried over is said to be. */
export function ansibleDevices(inventory: AnsibleInventory, mapping: AnsibleMapping, file: string): ImportedHosts {
  const losses = new Losses()
  const secrets = new SecretNames()
  const loseOf = (host: string): Lose => {
    const place = inventory.hosts.get(host)?.place
    return (what, detail, name = '') => losses.add(host, what, detail, inventory.placeOf(host, name) ?? place)
  }
  const hosts = [...inventory.hosts.keys()]
  const places = new Map(hosts.map((host) => [host, placeOf(host, inventory, mapping)]))
  const ways = new Map(
    hosts.map((host): [string, AnsibleWay] => {
      return [host, ansibleWay(inventory.varsOf(host), (value) => secrets.nameOf(value), loseOf(host))]
    }),
  )
  const devices = hosts.map((host): ImportedDevice => {
    const place = places.get(host) ?? { store: mapping.otherStore, id: nameFrom(host), isKnown: false }
    const way = ways.get(host)
    const groups = inventory.groupsOf(host)
    const lose = loseOf(host)
    if (!place.isKnown) lose('in which store a device stands', `They are in "${place.store}" now; see --store-by.`)
    const via = way?.jump === undefined ? undefined : gatewayOf(way.jump, place.store, { places, ways, lose })
    return {
      store: place.store,
      id: place.id,
      kind: kindOf(groups, place.id, mapping, lose),
      family: way?.family ?? 'linux',
      address: way?.address ?? host,
      transport: { ...way?.transport, ...(via !== undefined && { via }) },
      vars: ownVars(inventory.varsOf(host), way?.used ?? new Set(), lose),
      tags: groups.filter((group) => group !== 'ungrouped').map(nameFrom),
      place: inventory.hosts.get(host)?.place,
    }
  })
  return { devices, diagnostics: losses.diagnostics(file) }
}

/** As told by --kind, else by the name of a group (`routers`), else a till; what was only supposed is said. */
function kindOf(groups: readonly string[], id: string, { kinds }: AnsibleMapping, lose: Lose): string {
  const told = groups.map((group) => kinds.get(group)).find((kind) => kind !== undefined)
  if (told !== undefined) return told
  const named = groups
    .toReversed()
    .map(kindNamed)
    .find((kind) => kind !== undefined)
  if (named !== undefined && named !== 'till')
    lose(`what kind of device it is: "${named}" was taken from the name of a group`, 'Say it with --kind GROUP=KIND.')
  const other = named === undefined ? [...groups, id].find((name) => NO_TILL.test(name)) : undefined
  if (other !== undefined)
    lose(`what kind of device it is: it became a till, and "${other}" does not sound like one`, SAY_KIND)
  return named ?? 'till'
}

const SAY_KIND = 'Say it with --kind GROUP=KIND, or write another `kind` in a profile for it.'

/** Words in names of groups and devices that name something else, without saying which kind it is here. */
const NO_TILL =
  /(?:^|[-_ ])(?:printer|label|zebra|fiscal|receipt|router|gateway|firewall|switch|server|pinpad|vending)(?:e?s|\d*)(?:$|[-_ ])/i

/** The kind that a group is named after: `routers`, `store_routers`, `office-printers`. */
function kindNamed(group: string): string | undefined {
  const name = group.toLowerCase().replace(/[_ ]/g, '-').replace(/s$/, '')
  return [...DEVICE_KINDS]
    .sort((a, b) => b.length - a.length)
    .find((kind) => name === kind || (/s$/i.test(group) && name.endsWith(`-${kind}`)))
}

interface Place {
  readonly store: string
  readonly id: string
  readonly isKnown: boolean
}

function placeOf(host: string, inventory: AnsibleInventory, { storeBy, otherStore }: AnsibleMapping): Place {
  const whole = nameFrom(host)
  const found = (store: string | undefined, id = whole): Place =>
    store === undefined || store === ''
      ? { store: otherStore, id: whole, isKnown: false }
      : { store: nameFrom(store), id: nameFrom(id), isKnown: true }
  if (storeBy.in === 'var') {
    const value = inventory.varsOf(host)[storeBy.name]
    return found(value === undefined || value === null ? undefined : String(value))
  }
  const groups = inventory.groupsOf(host).filter((group) => group !== 'ungrouped')
  const texts = storeBy.in === 'name' ? [host] : groups.toReversed()
  const match = texts.map((text) => storeBy.pattern.exec(text)).find((one) => one !== undefined)
  const named = (name: string): string | undefined => match?.[storeBy.pattern.names[name] ?? -1]
  return found(named('store') ?? match?.[1], storeBy.in === 'name' ? (named('device') ?? match?.[2]) : undefined)
}

/** Who else is a host of the inventory, by name or by address, is what devices are reached through. */
function gatewayOf(
  jump: string,
  store: string,
  known: {
    readonly places: ReadonlyMap<string, Place>
    readonly ways: ReadonlyMap<string, AnsibleWay>
    readonly lose: Lose
  },
): string | undefined {
  const name = jump.replace(/^.*@/, '').replace(/:\d+$/, '')
  const gateway = [...known.ways].find(([host, way]) => host === name || way.address === name)?.[0]
  const place = gateway === undefined ? undefined : known.places.get(gateway)
  const loggedIn = jump.includes('@') ? jump.replace(/@.*$/, '') : undefined
  const own = known.ways.get(gateway ?? '')?.transport['user']
  if (place && loggedIn !== undefined && own !== undefined && own !== loggedIn)
    known.lose(`the account ${loggedIn} on the way through ${name}`, `That host has an account of its own: ${own}.`)
  if (place) return place.store === store ? place.id : `${place.store}/${place.id}`
  known.lose(`the way through ${jump}`, 'It is no host of the inventory: add it as a device, and name it with `via`.')
  return undefined
}

const SECRET_NAME = /pass(word|wd|phrase)?$|secret|token|api_?key|private_key|credential/i

/** What is not about the connection, for runbooks. */
function ownVars(vars: JsonObject, used: ReadonlySet<string>, lose: Lose): JsonObject {
  const kept: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(vars)) {
    if (used.has(name)) continue
    if (name.startsWith('ansible_')) lose(name, unknownToUs(name), name)
    else if (JSON.stringify(value).includes(VAULT))
      lose(
        `"${name}", encrypted by ansible-vault`,
        'Name where the secret is kept instead: {secret: "env:NAME"} in the runbook.',
        name,
      )
    else if (SECRET_NAME.test(name) && value !== null && value !== '')
      lose(
        `"${name}", which looks like a secret`,
        'Secrets do not stand in an inventory: {secret: "env:NAME"} in the runbook.',
        name,
      )
    else if (!isLiteral(value) && value !== null)
      lose(`"${name}", computed by Ansible while it runs`, 'Write it as an expression in the runbook.', name)
    else kept[name] = value
  }
  return kept
}

/** One variable of the environment for each different secret. */
class SecretNames {
  readonly #names = new Map<string, string>()

  nameOf(value: string): string {
    const number = this.#names.size + 1
    const name = this.#names.get(value) ?? (number === 1 ? 'TILL_PASSWORD' : `TILL_PASSWORD_${number}`)
    this.#names.set(value, name)
    return name
  }
}

/** Whether a kind is one of ours. */
export function isKind(text: string): boolean {
  return (DEVICE_KINDS as readonly string[]).includes(text)
}
