import type { JsonObject, JsonValue } from '../core/json.ts'
import type { DeviceSpec } from './device-spec.ts'
import { chance } from './fault.ts'

/** Whether a device runs the till application. */
export function hasApplication({ kind }: Pick<DeviceSpec, 'kind'>): boolean {
  return kind === 'till' || kind === 'server' || kind === 'vending'
}

/** The configuration of the till application, file by file, as the inventory wants it or `wrong`; and its version. */
export function applicationTexts(
  { name, vars }: Pick<DeviceSpec, 'name' | 'vars'>,
  { wrong, printer }: { readonly wrong: boolean; readonly printer: string },
): { readonly config: Readonly<Record<string, string>>; readonly version: string } {
  const [store = '', device = ''] = name.split('/')
  const server = text(vars, 'backoffice', ['tillapp', 'server'])
  const ini = `; ${name}
[store]
id = ${store}
device = ${device}

[server]
host = ${wrong ? 'old-backoffice' : server}
port = 8443
timeout = ${wrong ? 5 : 30}

[printer]
device = ${printer}
codepage = CP852
`
  const json = { store, device, features: { returns: true, loyalty: !wrong }, log: { level: wrong ? 'debug' : 'info' } }
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<fiscal>
  <printer model="Thermal" baud="${wrong ? 9600 : 115200}"/>
  <vat rate="A">23.00</vat>
  <vat rate="B">8.00</vat>
</fiscal>
`
  const properties = `# ${name}\nsync.url=https://${server}/sync\nsync.interval=${wrong ? 3600 : 300}\nsync.enabled=true\n`
  const config = {
    'till.ini': ini,
    'till.json': `${JSON.stringify(json, null, 2)}\n`,
    'fiscal.xml': xml,
    'sync.properties': properties,
  }
  return { config, version: text(vars, '24.11.3', ['tillapp', 'version']) }
}

/** What the application has written of its receipts of the last hours, a line for each. */
export function receiptLines(name: string, now: Date): string {
  const lines: string[] = []
  let time = now.getTime() - Math.floor(chance('receipt', name) * 120_000)
  for (let number = 400; time > now.getTime() - 3 * 3_600_000; number -= 1) {
    const total = (5 + chance(`total ${number}`, name) * 200).toFixed(2)
    lines.unshift(`${new Date(time).toISOString().slice(0, 19)}Z RECEIPT ${number} total=${total}\n`)
    time -= 60_000 + Math.floor(chance(`pause ${number}`, name) * 240_000)
  }
  return lines.join('')
}

/** The first of the paths that holds a text or number in the values of the inventory. */
export function text(vars: JsonObject, otherwise: string, ...paths: readonly (readonly string[])[]): string {
  for (const path of paths) {
    const value = path.reduce<JsonValue | undefined>((at, key) => member(at, key), vars)
    if (typeof value === 'string' || typeof value === 'number') return String(value)
  }
  return otherwise
}

function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as JsonObject)[key]
}
