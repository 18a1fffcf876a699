import { ask, Refused } from './ask.ts'

/** Pages look again at most so often, however much happens. */
const CALM_MS = 1_000
/** The server says four times a minute that the stream stands. */
const SILENT_MS = 45_000
const LOOK_MS = 5_000
/** After so long it is tried again, and later from time to time: with half of it by chance, so that not all come at once. */
const FIRST_PAUSE_MS = 1_000
const MOST_PAUSE_MS = 60_000

interface Listener {
  readonly run: string | undefined
  readonly tell: () => void
}

const listeners = new Set<Listener>()
let source: EventSource | undefined
let address: string | undefined
let begunAt = 0
let heardAt = Date.now()
let pauseMs = FIRST_PAUSE_MS
let retrying: ReturnType<typeof setTimeout> | undefined
let onSilence: (since: string | undefined) => void = () => undefined

/**
 * Calls `tell` when there are news about the fleet, or about a run, until the function that it gives is called. All that listen share
 * one stream, and a page that nobody sees has none: a browser has six connections for all pages of a server.
 */
export function onNews(run: string | undefined, tell: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const listener: Listener = {
    run,
    tell: () => {
      timer ??= setTimeout(() => {
        timer = undefined
        tell()
      }, CALM_MS)
    },
  }
  listeners.add(listener)
  later()
  return () => {
    listeners.delete(listener)
    clearTimeout(timer)
    later()
  }
}

let isDue = false

/** Once for all that come and go in one turn. */
function later(): void {
  if (isDue) return
  isDue = true
  setTimeout(() => {
    isDue = false
    connect()
  })
}

function connect(): void {
  const run = [...listeners].find((one) => one.run !== undefined)?.run
  const isSeen = document.visibilityState === 'visible' && listeners.size > 0
  const wanted = isSeen ? `/api/v1/events${run === undefined ? '' : `?run=${encodeURIComponent(run)}`}` : undefined
  if (wanted === address && source?.readyState !== EventSource.CLOSED) return
  source?.close()
  clearTimeout(retrying)
  source = undefined
  address = wanted
  if (wanted === undefined) return
  begunAt = Date.now()
  const opened = new EventSource(wanted)
  source = opened
  opened.addEventListener('open', () => {
    pauseMs = FIRST_PAUSE_MS
    heard()
    // Whatever happened before the stream stood, or while it was broken, nobody was told of.
    tellAll(() => true)
  })
  opened.addEventListener('alive', heard)
  opened.addEventListener('fleet', () => {
    heard()
    tellAll((one) => one.run === undefined)
  })
  opened.addEventListener('run', () => {
    heard()
    tellAll((one) => one.run !== undefined)
  })
  // A browser connects again by itself, but not after an answer that is not 200 (HTML Standard, 9.2.3: fail the connection).
  opened.addEventListener('error', () => {
    if (source === opened && opened.readyState === EventSource.CLOSED) lost()
  })
}

function tellAll(which: (listener: Listener) => boolean): void {
  for (const listener of listeners) if (which(listener)) listener.tell()
}

/** Calls `tell` with the time since which nothing comes, and without one when it does, until the function that it gives is called. */
export function watchSilence(tell: (since: string | undefined) => void): () => void {
  onSilence = tell
  return () => {
    onSilence = () => undefined
  }
}

function heard(): void {
  heardAt = Date.now()
  onSilence(undefined)
}

function lost(): void {
  onSilence(new Date(heardAt).toISOString())
  clearTimeout(retrying)
  retrying = setTimeout(() => void retry(), pauseMs * (0.5 + Math.random() / 2))
  pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS)
}

/** A stream does not tell why it was refused. */
async function retry(): Promise<void> {
  try {
    await ask('/session', { isBackground: true })
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return location.reload()
  }
  connect()
}

/** A connection may be gone without either side being told. */
setInterval(() => {
  if (source === undefined || source.readyState === EventSource.CLOSED) return
  if (Date.now() - Math.max(heardAt, begunAt) <= SILENT_MS) return
  source.close()
  lost()
}, LOOK_MS)

document.addEventListener('visibilitychange', () => {
  connect()
  if (document.visibilityState === 'visible') tellAll(() => true)
})
