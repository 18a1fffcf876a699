import type { Target } from '../../src/core/transport.ts'

export const DEADLINES: Target['deadlines'] = {
  resolve: 5_000,
  connect: 5_000,
  identify: 20_000,
  authenticate: 20_000,
  open: 20_000,
  observe: 30_000,
  converge: 30_000,
  verify: 30_000,
}

export function localTarget(): Target {
  return {
    device: 'controller',
    type: 'local',
    address: '127.0.0.1',
    port: 0,
    user: '',
    keys: [],
    hostKeys: [],
    deadlines: DEADLINES,
    keepAliveMs: 15_000,
    maxOutputBytes: 1024 * 1024,
  }
}
