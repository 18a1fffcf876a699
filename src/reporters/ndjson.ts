import type { Reporter } from '../core/ports.ts'
import { withoutSecrets } from './devices-in-flight.ts'
import { jsonText } from './json-text.ts'
import type { Output } from './output.ts'

/** Every event as one line of JSON. */
export function createNdjsonReporter(output: Pick<Output, 'write'>): Reporter {
  return {
    onlyNew: true,
    event: (event) => output.write(`${jsonText(withoutSecrets(event))}\n`),
    close: () => undefined,
  }
}
