// A worker thread that dies: the real one, and the end that the id of a device which it is given asks for.
import { parentPort } from 'node:worker_threads'

const ENDS = {
  throws() {
    throw new Error('struck by lightning')
  },
  exits() {
    process.exit(7)
  },
  hangs() {
    for (;;);
  },
}

parentPort.on('message', (text) => {
  const end = Object.keys(ENDS).find((name) => text.includes(`"id":"${name}"`))
  if (end) setTimeout(ENDS[end], 1_000)
})
await import('../../dist/app/device-thread.js')
