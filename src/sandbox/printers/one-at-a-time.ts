import type { Socket } from 'node:net'

/** Protocols whose ports serve one connection at a time, as port 9100 mostly does. */
const EXCLUSIVE: ReadonlySet<string> = new Set([
  'cpcl',
  'dpl',
  'epl',
  'escpos',
  'pjl',
  'sbpl',
  'thermal',
  'tspl',
  'zebra',
  'zpl',
  'shtrih',
])

/** Who waits for a printer, in order; the first is being served. */
const queues = new WeakMap<object, { readonly socket: Socket; readonly serve: () => void }[]>()

/**
 * Serves a connection now, or when those before it have ended. Whoever waits is connected and hears nothing, as it is with
 * a printer whose network card takes more connections than the printer itself.
 */
export function inTurn(printer: { readonly protocol: string }, socket: Socket, serve: () => void): void {
  if (!EXCLUSIVE.has(printer.protocol)) {
    serve()
    return
  }
  const queue = queues.get(printer) ?? []
  queues.set(printer, queue)
  queue.push({ socket, serve })
  socket.once('close', () => {
    const at = queue.findIndex((one) => one.socket === socket)
    queue.splice(at, 1)
    if (at === 0) queue[0]?.serve()
  })
  if (queue.length === 1) serve()
}
