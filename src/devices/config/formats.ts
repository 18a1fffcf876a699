import type { ConfigCodec } from './codec.ts'
import { iniCodec } from './ini.ts'
import { jsonCodec } from './json.ts'
import { plainCodec } from './plain.ts'
import { propertiesCodec } from './properties.ts'
import { xmlCodec } from './xml.ts'
import { yamlCodec } from './yaml.ts'

export const CONFIG_FORMATS = ['ini', 'json', 'plain', 'properties', 'xml', 'yaml'] as const
export type ConfigFormat = (typeof CONFIG_FORMATS)[number]

export const CONFIG_CODECS: Readonly<Record<ConfigFormat, ConfigCodec>> = {
  ini: iniCodec,
  json: jsonCodec,
  plain: plainCodec,
  properties: propertiesCodec,
  xml: xmlCodec,
  yaml: yamlCodec,
}
