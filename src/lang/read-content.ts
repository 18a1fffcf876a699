import { parseByteSize } from '../core/byte-size.ts'
import type { ContentSettings } from '../core/content.ts'
import { isMap, type JsonValue } from '../core/json.ts'

/** From here on a login at another device costs less than the bytes. */
const ABOVE_BYTES = 256 * 1024

/** `content` of tillwright.yaml, of the form that its schema wants. */
export function readContent(value: JsonValue | undefined): ContentSettings {
  const written = isMap(value) ? value : {}
  const bytes = (key: string): number | undefined => parseByteSize(String(written[key] ?? ''))
  const [perStore, fleet] = [bytes('per_store'), bytes('fleet')]
  return {
    share: written['share'] === true,
    aboveBytes: bytes('above') ?? ABOVE_BYTES,
    ...(perStore !== undefined && { perStore }),
    ...(fleet !== undefined && { fleet }),
    metered: written['metered'] === 'allow' ? 'allow' : 'refuse',
  }
}
