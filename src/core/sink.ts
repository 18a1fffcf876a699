import type { KafkaBrokers, MqttBroker } from './broker.ts'
import type { RunEvent } from './events.ts'
import type { Expression } from './runbook.ts'
import type { SourceRange } from './source.ts'

/** What a sink does with events that it cannot keep any longer. */
export const WHEN_FULL = ['refuse', 'drop-oldest'] as const
export type WhenFull = (typeof WHEN_FULL)[number]

/** How long events wait for a sink that is away. */
export interface SinkKeep {
  readonly days: number
  readonly megabytes: number
  /** `refuse`: no new run begins. `drop-oldest`: they are let go of, counted and told. */
  readonly whenFull: WhenFull
}

/** Where events of runs go, as tillwright.yaml says. Secrets are references, not yet read. */
export interface SinkSettings {
  readonly name: string
  readonly to: SinkTarget
  /** Default: all. */
  readonly include?: Expression
  readonly exclude?: Expression
  readonly topic: string
  /** By kind of event; what is not named goes to `topic`. */
  readonly topics: Readonly<Record<string, string>>
  readonly keep: SinkKeep
  /** Messages that are longer are refused before they are sent, in bytes. */
  readonly maxBytes: number
  readonly source: SourceRange
}

export type SinkTarget =
  | { readonly kind: 'file'; readonly path: string; readonly megabytes: number; readonly files: number }
  | {
      readonly kind: 'http'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly hmac?: { readonly secret: string; readonly header: string; readonly timeHeader: string }
      readonly batch: number
      readonly timeoutMs: number
      readonly ca?: string
    }
  | ({ readonly kind: 'kafka' } & KafkaBrokers)
  | ({ readonly kind: 'mqtt' } & MqttBroker)

/** An event in the outbox, by its place there. */
export interface OutboxEntry {
  readonly id: number
  readonly event: RunEvent
}

/** How far a sink is. */
export interface SinkPosition {
  readonly sink: string
  /** Events that wait for it, with their size, and when the oldest was put there. */
  readonly pending: number
  readonly pending_bytes: number
  readonly oldest_at: string | null
  /** Sent; left out by include and exclude; refused by it or by its limits; dropped since it was away for too long. */
  readonly sent: number
  readonly skipped: number
  readonly refused: number
  readonly dropped: number
  /** Why it takes nothing, and since when. */
  readonly trouble: string | null
  readonly trouble_since: string | null
  readonly last_sent_at: string | null
}

/** What was refused, to be looked at and sent again. */
export interface RefusedMessage {
  readonly sink: string
  readonly id: number
  readonly run: string
  readonly seq: number
  readonly at: string
  readonly why: string
}

/** What became of entries that were taken from the outbox for a sink. */
export interface Settled {
  /** All up to this one are settled. */
  readonly upTo: number
  readonly sent: number
  readonly skipped: number
  readonly refused: readonly { readonly entry: OutboxEntry; readonly why: string }[]
}

/**
 * Events that wait to be sent, written in the transaction that journals them. Each sink has a place of its own; what all
 * are past is gone from here.
 */
export interface Outbox {
  /** By which the store is told from others. */
  readonly id: string
  /** From now on events wait for these sinks. One that is not named, and that nobody has sent to for a week, is forgotten. */
  register(sinks: readonly string[]): Promise<void>
  /** Whether this process is the one that sends to a sink, until `ttlMs` from now. */
  claim(sink: string, ttlMs: number): Promise<boolean>
  release(sink: string): Promise<void>
  /** The next ones of a sink, in order. */
  next(sink: string, limit: number): Promise<readonly OutboxEntry[]>
  /** False where another process sends by now; then nothing was written. */
  settle(sink: string, settled: Settled): Promise<boolean>
  trouble(sink: string, why: string | undefined): Promise<void>
  /** Lets go of what is beyond a sink's limits; gives how many that were. */
  drop(sink: string, keep: SinkKeep): Promise<number>
  positions(): Promise<readonly SinkPosition[]>
  refused(sink: string, limit: number): Promise<readonly RefusedMessage[]>
  /**
   * Puts what was refused at the end of the queue of its sink again; gives how many that were, and how many the journal does not hold any
   * more. None of them counts as refused then.
   */
  replayRefused(sink: string): Promise<{ readonly queued: number; readonly forgotten: number }>
  /** Puts what the journal holds from then on at the end of the queue of a sink; gives how many that were. */
  replaySince(sink: string, since: Date): Promise<number>
  close(): Promise<void>
}

/** Whether a sink is beyond its limits. */
export function isFull({ pending_bytes, oldest_at }: SinkPosition, keep: SinkKeep, now: Date): boolean {
  const age = oldest_at === null ? 0 : now.getTime() - Date.parse(oldest_at)
  return pending_bytes > keep.megabytes * 1_000_000 || age > keep.days * 24 * 3_600_000
}
