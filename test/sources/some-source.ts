import type { SourceSettings } from '../../src/core/event-source.ts'
import { readSources } from '../../src/lang/streams/read-sources.ts'
import { parseYaml } from '../../src/lang/yaml.ts'

/** The settings of one source, as they would stand in tillwright.yaml below its name. */
export function settingsOf(text: string): SourceSettings {
  const parsed = parseYaml(`sources:\n  one:\n${text.replace(/^\n/, '')}`, 'tillwright.yaml')
  const { sources, problems } = readSources(parsed)
  const [source] = sources
  if (!source || problems.length > 0) throw new Error(JSON.stringify(problems))
  return source
}
