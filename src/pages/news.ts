/** Pages look again at most so often, however much happens. */
const CALM_MS = 1_000

interface Listener {
  readonly run: string | undefined
  readonly tell: () => void
}

const listeners = new Set<Listener>()
let source: EventSource | undefined
let address: string | undefined

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
  source = undefined
  address = wanted
  if (wanted === undefined) return
  source = new EventSource(wanted)
  // Whatever happened before the stream stood, or while it was broken, nobody was told of.
  source.addEventListener('open', () => tellAll(() => true))
  source.addEventListener('fleet', () => tellAll((one) => one.run === undefined))
  source.addEventListener('run', () => tellAll((one) => one.run !== undefined))
}

function tellAll(which: (listener: Listener) => boolean): void {
  for (const listener of listeners) if (which(listener)) listener.tell()
}

document.addEventListener('visibilitychange', () => {
  connect()
  if (document.visibilityState === 'visible') tellAll(() => true)
})
