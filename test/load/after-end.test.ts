import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { afterEnd } from '../../src/load/after-end.ts'

const LINGER_MS = 50

/** As a machine does that has too much to do: nothing is read meanwhile. */
const stall = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const ended = (script: string, onExit?: () => void): Promise<readonly [string, number | null]> =>
  new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    const listen = (): void => void child.stderr.on('data', (chunk: Buffer) => (said += chunk))
    if (onExit) {
      child.once('exit', () => {
        listen()
        onExit()
      })
    } else listen()
    afterEnd(child, LINGER_MS, (code) => resolve([said, code]))
  })

test('what a program said is read before its end is told, also where its end is heard first and this machine stalls', async () => {
  expect(await ended('echo why >&2; exit 3', () => stall(4 * LINGER_MS))).toEqual(['why\n', 3])
})

test('whoever holds its streams for longer is not waited for', async () => {
  expect(await ended('sleep 5 & echo $! >&2; exit 4')).toEqual([expect.stringMatching(/^\d+\n$/), 4])
})

test('its end is told once', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.2 & exit 0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = 0
  afterEnd(child, LINGER_MS, () => {
    told += 1
  })
  child.stderr.resume()
  await once(child, 'close')
  expect(told).toBe(1)
})
