import type { Duplex } from 'node:stream'
import type { ByteStream } from '../core/channel.ts'

/** A stream of Node's as the rest of the program sees it. Its errors show as its end. */
export function byteStreamOf(socket: Duplex): ByteStream {
  socket.on('error', () => undefined)
  return {
    write: (data) => void (socket.writable && socket.write(data)),
    end: () => void socket.end(),
    onData: (listener) => void socket.on('data', listener),
    onClose: (listener) => void socket.once('close', listener),
    destroy: () => void socket.destroy(),
  }
}
