import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { mostOpenFiles } from '../files/most-open-files.ts'
import type { ServerLog } from './server-log.ts'

const MOST_CONNECTIONS = 1_000
/** A server has them at all times: state, log, what it watches. The rest is half for connections, half for what they ask for. */
const OWN_FILES = 50
const FEWEST_CONNECTIONS = 5
/** Places that are kept free of connections which only stand open. */
const SPARE_CONNECTIONS = 100

/**
 * Bounds connections, so that files are left for the state and for repairs, and tells of those that are closed for it: without files
 * libuv accepts and closes each one, and nobody hears of it (uv__emfile_trick of src/unix/stream.c).
 */
export function boundConnections(server: Server, log: ServerLog): void {
  const files = mostOpenFiles() ?? Number.POSITIVE_INFINITY
  const room = Math.max(FEWEST_CONNECTIONS, Math.floor((files - OWN_FILES) / 2))
  const most = Math.min(MOST_CONNECTIONS, room)
  const advice = `This process may have ${files} files open: raise that (\`ulimit -n 4096\`, LimitNOFILE= of a unit of systemd).`
  if (most < MOST_CONNECTIONS)
    log.say(`It takes ${most} connections at once, ${MOST_CONNECTIONS} with more files. ${advice}`)
  server.maxConnections = most
  server.on('drop', (dropped) => {
    const from = dropped?.remoteAddress ?? 'somebody'
    const more = most < MOST_CONNECTIONS ? ` ${advice}` : ''
    log.sayOf('dropped', `A connection from ${from} was closed at once: ${most} are open, which is the most.${more}`)
  })
  server.on('error', (error) => log.sayOf('connections', `A connection could not be taken: ${error.message}`))
  keepRoom(server, most - Math.min(SPARE_CONNECTIONS, Math.ceil(most / 4)), log)
}

/**
 * Nobody keeps alerts out by connections that ask nothing, or never come to the end of asking: where places run short, the one
 * that has been so the longest is closed for each that comes. One with a whole request is left alone.
 */
function keepRoom(server: Server, enough: number, log: ServerLog): void {
  const silent = new Map<string, Socket>()
  let open = 0
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket)
    open += 1
    silent.set(name, socket)
    socket.once('close', () => {
      open -= 1
      if (silent.get(name) === socket) silent.delete(name)
    })
    const [oldest] = open > enough ? silent : []
    if (!oldest) return
    silent.delete(oldest[0])
    log.sayOf(
      'room',
      `A connection from ${oldest[1].remoteAddress ?? 'somebody'} that asked nothing was closed: ${enough} are open.`,
    )
    oldest[1].destroy()
  })
  server.on('request', ({ socket }, response) => {
    const name = nameOf(socket)
    const asking = silent.get(name)
    silent.delete(name)
    response.once('close', () => {
      if (asking && !asking.destroyed) silent.set(name, asking)
    })
  })
}

/** Of TLS a request has another socket than the connection that it came by, with the same ends. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
