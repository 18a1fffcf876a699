import type { Socket } from 'node:net'
import { type SshDevice, serveConnection } from './device-connection.ts'
import { DeviceListeners, type ServedDevice } from './device-listeners.ts'
import { DevicePlaces } from './device-places.ts'
import type { PlacedDevice, PlacedWindows } from './device-spec.ts'
import type { DeviceFault } from './fault.ts'
import { type Isolation, openIsolation } from './isolation.ts'
import { posixDevice } from './posix-login.ts'
import { responderOf, servePrinter } from './printers/index.ts'
import { windowsSshDevice } from './windows/windows-login.ts'
import { WindowsPlaces } from './windows/windows-places.ts'
import { WinRmDevices } from './winrm/winrm-devices.ts'
import type { FromWorker, ToWorker, WorkerCounts, WorkerStart } from './worker-messages.ts'

// A process of the sandbox that serves a part of its devices, for as long as its parent lives.

interface Serving {
  readonly isolation: Isolation
  readonly places: DevicePlaces
  readonly listeners: DeviceListeners
  readonly count: WorkerCounts
}

let serving: Serving | undefined

async function start(message: WorkerStart): Promise<Serving> {
  const { folders, initial, secret, clientKey, network, account } = message
  const opened = await openIsolation(folders)
  if (!opened.ok) throw new Error(opened.problem)
  const places = new DevicePlaces(opened.isolation, folders.devices, initial)
  const count = { connections: 0, sessions: 0, served: 0 }
  const ssh = { secret: Buffer.from(secret, 'base64'), clientKey, network, count }
  const windows = new WindowsPlaces(folders.devices, initial)
  const winrm = new WinRmDevices({ places: windows, account, count })
  const bySsh = (place: PlacedDevice | PlacedWindows, device: SshDevice): ServedDevice => ({
    ...place,
    serve: (socket, fault) => serveConnection(socket, device, fault, ssh),
  })
  const devices = [
    ...message.devices.map((device) => bySsh(device, posixDevice(device, places))),
    ...message.windows.map((device) =>
      device.by === 'ssh'
        ? bySsh(device, windowsSshDevice(device, windows))
        : { ...device, serve: (socket: Socket, fault?: DeviceFault) => winrm.serve(socket, device, fault) },
    ),
  ]
  const printers = message.printers.map((printer): ServedDevice => {
    const respond = responderOf(printer)
    return {
      ...printer,
      serve: (socket, fault) => {
        count.connections += 1
        servePrinter(socket, printer, fault)
      },
      ...(respond && { respond }),
    }
  })
  const listeners = new DeviceListeners()
  await listeners.open({ devices: [...devices, ...printers], listeners: message.listeners, faults: message.faults })
  return { isolation: opened.isolation, places, listeners, count }
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
      tell({ type: 'counts', ...(serving?.count ?? { connections: 0, sessions: 0, served: 0 }) })
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
