import type { ConfigCodec } from './codec.ts'
import { iniCodec } from './ini.ts'
import type { IniDialect } from './ini-dialect.ts'
import { jsonCodec } from './json.ts'
import { plainCodec } from './plain.ts'
import { propertiesCodec } from './properties.ts'
import { xmlCodec } from './xml.ts'
import { yamlCodec } from './yaml.ts'

export const CONFIG_FORMATS = ['ini', 'json', 'plain', 'properties', 'xml', 'yaml'] as const
export type ConfigFormat = (typeof CONFIG_FORMATS)[number]

export const CONFIG_CODECS: Readonly<Record<ConfigFormat, ConfigCodec>> = {
  ini: iniCodec('any'),
  json: jsonCodec,
  plain: plainCodec,
  properties: propertiesCodec,
  xml: xmlCodec,
  yaml: yamlCodec,
}

/** How a format is read and edited; `dialect` only goes with ini. */
export function codecOf(format: ConfigFormat, dialect: IniDialect | undefined): ConfigCodec {
  return format === 'ini' && dialect !== undefined ? iniCodec(dialect) : CONFIG_CODECS[format]
}
