import { DeviceListeners } from './device-listeners.ts'
import { DevicePlaces } from './device-places.ts'
import { type Isolation, openIsolation } from './isolation.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

// A process of the sandbox that serves a part of its devices, for as long as its parent lives.

interface Serving {
  readonly isolation: Isolation
  readonly places: DevicePlaces
  readonly listeners: DeviceListeners
}

let serving: Serving | undefined

async function start(message: WorkerStart): Promise<Serving> {
  const opened = await openIsolation(message.folders)
  if (!opened.ok) throw new Error(opened.problem)
  const places = new DevicePlaces(opened.isolation, message.folders.devices, message.initial)
  const listeners = new DeviceListeners({
    places,
    secret: Buffer.from(message.secret, 'base64'),
    clientKey: message.clientKey,
    network: message.network,
    count: { connections: 0, sessions: 0, served: 0 },
  })
  await listeners.open(message)
  return { isolation: opened.isolation, places, listeners }
}

async function receive(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'start':
      serving = await start(message)
      tell({ type: 'ready' })
      break
    case 'faults':
      await serving?.listeners.setFaults(message.faults)
      tell({ type: 'ready' })
      break
    case 'count':
      tell({ type: 'counts', ...(serving?.listeners.counts ?? { connections: 0, sessions: 0, served: 0 }) })
      break
    case 'stop':
      await stop()
      break
  }
}

function tell(message: FromWorker): void {
  process.send?.(message)
}

async function stop(): Promise<void> {
  await serving?.places.close()
  serving?.isolation.close()
  process.exit(0)
}

process.on('message', (message: ToWorker) => {
  receive(message).catch((error: unknown) => {
    tell({ type: 'failed', problem: error instanceof Error ? error.message : String(error) })
  })
})
// The parent ends this when it is time; signals of its terminal reach it too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => void stop())
