import type { Device, Store } from '../../core/fleet.ts'
import { grouped } from '../../core/grouped.ts'
import { plainText } from '../../reporters/plain-text.ts'

/** A place in the tree: what it is, and what hangs on it. */
export interface GraphNode {
  readonly id: string
  readonly kind: 'region' | 'store' | 'device'
  readonly about: string
  /** How it hangs on what is above it; devices only. */
  readonly by?: 'via' | 'attached_to'
  readonly children: GraphNode[]
}

/** Regions, their stores, their devices, each below the one that it is reached through or hangs on. */
export function inventoryGraph(devices: readonly Device[], stores: ReadonlyMap<string, Store>): readonly GraphNode[] {
  const regions = new Map<string, GraphNode>()
  const byStore = grouped(devices, ({ store }) => store)
  for (const [id, members] of byStore) {
    const store = stores.get(id)
    if (store === undefined) continue
    const region = regions.get(store.region) ?? node(store.region, 'region', '')
    regions.set(store.region, region)
    region.children.push(storeNode(store, members))
  }
  return [...regions.values()]
}

function node(id: string, kind: GraphNode['kind'], about: string): GraphNode {
  return { id, kind, about, children: [] }
}

function storeNode(store: Store, devices: readonly Device[]): GraphNode {
  const top = node(
    store.id,
    'store',
    [store.name === store.id ? '' : store.name, store.link.type].filter(Boolean).join(', '),
  )
  const nodes = new Map(devices.map((device) => [device.id, deviceNode(device, store)]))
  for (const device of devices) {
    const own = nodes.get(device.id)
    const above = nodes.get(aboveOf(device, store) ?? '')
    if (own) (above && above !== own ? above : top).children.push(own)
  }
  return top
}

function deviceNode(device: Device, store: Store): GraphNode {
  const by = device.attached_to === undefined ? (device.transport.via === undefined ? undefined : 'via') : 'attached_to'
  const gateway = store.gateway === device.id ? 'gateway' : ''
  const far = device.transport.via?.includes('/') ? `via ${device.transport.via}` : ''
  const about = [device.kind, device.address, gateway, far].filter((part) => part !== '').join(', ')
  return { ...node(device.name, 'device', about), ...(by && { by }) }
}

function aboveOf({ attached_to, transport }: Device, store: Store): string | undefined {
  if (attached_to !== undefined) return attached_to
  return transport.via === 'gateway' ? store.gateway : transport.via
}

/** The tree as lines. */
export function* graphText(nodes: readonly GraphNode[], before = ''): Generator<string> {
  for (const [index, { id, about, by, children, kind }] of nodes.entries()) {
    const isLast = index === nodes.length - 1
    const [branch, below] = kind === 'region' ? ['', ''] : isLast ? ['└─ ', '   '] : ['├─ ', '│  ']
    const how = by === undefined ? '' : by === 'via' ? ' (through it)' : ' (on its port)'
    const more = about === '' ? '' : `  ${plainText(about)}`
    yield `${before}${branch}${plainText(kind === 'device' ? id.replace(/^.*\//, '') : id)}${more}${how}\n`
    yield* graphText(children, before + below)
  }
}

interface Edge {
  readonly from: GraphNode
  readonly to: GraphNode
}

function* edgesOf(nodes: readonly GraphNode[]): Generator<Edge> {
  for (const from of nodes) {
    for (const to of from.children) yield { from, to }
    yield* edgesOf(from.children)
  }
}

function* allOf(nodes: readonly GraphNode[]): Generator<GraphNode> {
  for (const one of nodes) {
    yield one
    yield* allOf(one.children)
  }
}

const STYLES = { via: 'dashed', attached_to: 'dotted' } as const

/** For Graphviz. */
export function* graphDot(nodes: readonly GraphNode[]): Generator<string> {
  const quoted = (text: string): string => `"${plainText(text).replace(/["\\]/g, '\\$&')}"`
  const name = ({ kind, id }: GraphNode): string => quoted(kind === 'region' ? `region ${id}` : id)
  yield 'digraph inventory {\n  rankdir=LR\n  node [shape=box]\n'
  for (const one of allOf(nodes)) yield `  ${name(one)} [label=${quoted(one.id)}]\n`
  for (const { from, to } of edgesOf(nodes)) {
    yield `  ${name(from)} -> ${name(to)}${to.by === undefined ? '' : ` [style=${STYLES[to.by]}, label=${quoted(to.by)}]`}\n`
  }
  yield '}\n'
}

/** For Markdown, as GitHub and GitLab draw it. */
export function* graphMermaid(nodes: readonly GraphNode[]): Generator<string> {
  const numbers = new Map([...allOf(nodes)].map((one, index) => [one, `n${index}`]))
  const label = (text: string): string => plainText(text).replace(/["&<>#]/g, (sign) => `#${sign.charCodeAt(0)};`)
  yield 'graph LR\n'
  for (const [one, number] of numbers) yield `  ${number}["${label(one.id)}"]\n`
  for (const { from, to } of edgesOf(nodes)) {
    yield `  ${numbers.get(from)} ${to.by === undefined ? '-->' : `-. ${to.by} .->`} ${numbers.get(to)}\n`
  }
}
