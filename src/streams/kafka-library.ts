import type { Rdkafka } from './kafka-sink.ts'

const NAME = 'node-rdkafka'
const INSTALL = `npm install --global ${NAME}@3.6.1`

/** The library that speaks to Kafka, or why it cannot be had, after "and node-rdkafka", and what helps. */
export type KafkaLibrary = { readonly library: Rdkafka } | ({ readonly library?: undefined } & LibraryMissing)

export interface LibraryMissing {
  readonly why: string
  readonly advice: string
}

/** node-rdkafka, where it is installed and made for this Node.js: it has native parts, and is not installed with this program. */
export async function loadRdkafka(): Promise<KafkaLibrary> {
  // A name that is not known when this is bundled.
  const name = NAME
  try {
    const loaded = (await import(name)) as { readonly default?: Rdkafka } & Partial<Rdkafka>
    return { library: loaded.default ?? (loaded as Rdkafka) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // As ECMAScript modules and as CommonJS, which this is bundled into, say it.
    const isAway = /^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && message.includes(`'${name}'`)
    if (isAway) return { why: 'is not installed', advice: `Install it beside till: ${INSTALL}` }
    return {
      why: `does not load: ${message.split('\n', 1)[0]}`,
      advice: `Have it built for Node.js ${process.version}: ${INSTALL} --force`,
    }
  }
}
