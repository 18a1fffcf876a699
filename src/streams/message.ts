import type { RunEvent } from '../core/events.ts'
import type { OutboxEntry, SinkSettings } from '../core/sink.ts'

/** One event as it is sent: a CloudEvent in JSON (cloudevents.io, 1.0.2, structured mode), with what brokers sort it by. */
export interface Message {
  readonly entry: OutboxEntry
  readonly id: string
  /** `PL-0412/pos1`, or the id of the run for what is about no device: what has one key arrives in order. */
  readonly key: string
  readonly topic: string
  readonly body: string
}

/** The message of an event. `origin` tells this store from others, so that ids are of their own everywhere. */
export function messageOf(
  entry: OutboxEntry,
  settings: Pick<SinkSettings, 'topic' | 'topics'>,
  origin: string,
): Message {
  const { event } = entry
  const id = `${event.run}/${event.seq}`
  const key = keyOf(event)
  const body = JSON.stringify({
    specversion: '1.0',
    id,
    source: `/tillwright/${origin}`,
    type: `till.${event.type}`,
    time: event.at,
    subject: key,
    datacontenttype: 'application/json',
    partitionkey: key,
    data: event,
  })
  return { entry, id, key, topic: topicOf(settings, event), body }
}

function keyOf(event: RunEvent): string {
  return 'device' in event ? event.device : event.run
}

function topicOf({ topic, topics }: Pick<SinkSettings, 'topic' | 'topics'>, event: RunEvent): string {
  const [store = '', device = ''] = 'device' in event ? event.device.split('/') : []
  const values: Readonly<Record<string, string>> = { kind: event.type, store, device, run: event.run }
  const template = topics[event.type] ?? topic
  // Wildcards, levels and NUL of MQTT have no meaning of ours: a name that holds them is written otherwise.
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => (values[name] || '-').replace(/[+#/\0]/g, '_'))
}
