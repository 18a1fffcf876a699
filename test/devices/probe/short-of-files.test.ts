import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('short-of-files.ts', import.meta.url))

it.skipIf(process.platform !== 'linux')('blames nobody in any way of looking where all files are taken', () => {
  const words = ['-c', 'ulimit -n 100 && exec "$@"', 'bash', process.execPath, '--import', 'tsx', PROGRAM]
  const { stdout, stderr } = spawnSync('bash', words, { encoding: 'utf8' })
  expect(stderr).toBe('')
  const came = JSON.parse(stdout) as Readonly<Record<string, string>>
  expect(Object.entries(came).filter(([, seen]) => seen !== 'CONTROLLER_EXHAUSTED')).toEqual([])
  expect(Object.keys(came)).toHaveLength(9)
})
