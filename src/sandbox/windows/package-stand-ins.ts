import { createHash } from 'node:crypto'
import { type Given, json, type StandIn } from './answering.ts'
import { AGENT_FOLDER } from './initial-machine.ts'
import type { InstalledProduct } from './machine-state.ts'
import type { WindowsMachine } from './windows-machine.ts'

/** Exit codes of msiexec: it is no package, and it is not installed. */
const MSIEXEC = { noPackage: 1620, unknownProduct: 1605 } as const

const AGENT = /^zabbix agent 2\b/i

/** A name may have what the list of programs puts behind it. */
function productsOf(machine: WindowsMachine, name: string): readonly InstalledProduct[] {
  const wanted = name.toLowerCase()
  return Object.values(machine.state.products).filter(({ name: known }) => {
    const lower = known.toLowerCase()
    return lower.startsWith(wanted) && /^( \(.*\)| x64| x86)?$/.test(lower.slice(wanted.length))
  })
}

const observe: StandIn = (machine, given) => {
  const found = productsOf(machine, given.text('name'))
  const products = found.map(({ code, name, version }) => ({ code, name, version, msi: true, user: '' }))
  // Its installations are over at once.
  return json({ products, unfinished: false })
}

const stage: StandIn = (machine, given) => {
  const { free } = machine.disk
  if (free < 4 * given.number('bytes')) return json({ path: '', free })
  const path = `C:\\Windows\\Temp\\${given.text('folder')}`
  machine.files.makeFolder(path)
  return json({ path, free })
}

const unstage: StandIn = (machine, given) => {
  machine.files.remove(given.text('folder'))
  return {}
}

const install: StandIn = (machine, given) => {
  const { files } = machine
  try {
    const file = files.read(given.text('file'))
    const sum = createHash('sha256').update(file).digest('hex')
    const result = { code: 0, log: '', version: '', sum: '', signature: '', restored: [] as string[] }
    if (sum !== given.text('sha256')) return json({ ...result, sum })
    const code = put(machine, given, file)
    const restored = code === 0 && AGENT.test(given.text('name')) ? renewConfig(machine, given) : []
    const version = productsOf(machine, given.text('name'))[0]?.version ?? ''
    return json({ ...result, code, version, restored })
  } finally {
    files.remove(given.text('folder'))
  }
}

/** What msiexec ends with. The version is what stands in the file behind the name of that property. */
function put(machine: WindowsMachine, given: Given, file: Buffer): number {
  const version = /ProductVersion\W{0,4}(\d+(?:\.\d+){1,3})/.exec(file.toString('latin1'))?.[1]
  if (version === undefined) return MSIEXEC.noPackage
  const [known] = productsOf(machine, given.text('name'))
  const name = known?.name ?? given.text('name')
  const digits = createHash('sha256').update(`${name} ${version}`).digest('hex').toUpperCase()
  const code = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '{$1-$2-$3-$4-$5}')
  machine.change(({ products }) => {
    products[name.toLowerCase()] = { name, version, publisher: known?.publisher ?? '', code }
  })
  return 0
}

/** The MSI of the agent writes its configuration anew; what is to be kept is put back. */
function renewConfig(machine: WindowsMachine, given: Given): string[] {
  const { files } = machine
  const path = `${AGENT_FOLDER}\\zabbix_agent2.conf`
  const before = files.kindOf(path) === 'file' ? files.read(path) : undefined
  files.write(path, Buffer.from('# Zabbix agent 2\r\nServer=127.0.0.1\r\nServerActive=127.0.0.1\r\n'))
  const kept = (JSON.parse(given.text('keep')) as readonly string[]).map((each) => files.fullPath(each).toLowerCase())
  if (!before || !kept.includes(path.toLowerCase())) return []
  files.write(path, before)
  return [path]
}

const remove: StandIn = (machine, given) => {
  const found = Object.entries(machine.state.products).find(([, { code }]) => code === given.text('code'))
  if (!found) return json({ code: MSIEXEC.unknownProduct })
  machine.change(({ products }) => {
    delete products[found[0]]
  })
  return json({ code: 0 })
}

const finish: StandIn = () => ({})

export const PACKAGE_STAND_INS: Readonly<Record<string, StandIn>> = {
  'package.finish': finish,
  'package.observe': observe,
  'package.stage': stage,
  'package.unstage': unstage,
  'package.install': install,
  'package.remove': remove,
}
