import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { BenchmarkResult } from '../../scripts/bench/report/result.ts'
import { hasWinRmPeer } from '../peers/winrm-peer.ts'

const ROOT = join(import.meta.dirname, '../..')
const NEEDED = [
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/bin/gcc', 'gcc libc6-dev'],
  ['/usr/sbin/ip', 'iproute2'],
  [join(ROOT, 'dist/commands'), 'npm run build'],
] as const
const missing = NEEDED.filter(([path]) => !existsSync(path)).map(([, brought]) => brought)
const possible = missing.length === 0 && process.getuid?.() === 0

if (!possible && process.env['CI'])
  throw new Error(`The benchmark cannot run; it needs root, and: ${missing.join(', ')}.`)
if (!possible) console.warn(`Skipped: the benchmark itself; it needs root, and: ${missing.join(', ')}.`)

const folder = mkdtempSync(join(tmpdir(), 'till-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Started {
  readonly child: ChildProcess
  readonly errors: () => string
  readonly ended: Promise<number | null>
}

function start(...args: readonly string[]): Started {
  const command = ['--import', 'tsx', 'scripts/bench/run-bench.ts', ...args]
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, errors: () => errors, ended }
}

/** What a benchmark makes on the machine: all of it carries its process id. */
function tracesOf({ child: { pid } }: Started): readonly string[] {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const files = ['/run/netns', '/var/lib', tmpdir()].flatMap((place) => (existsSync(place) ? readdirSync(place) : []))
  return [...users, ...files].filter((name) => new RegExp(`^till-?bench-?${pid}\\b`).test(name))
}

test('what it does not know is refused before anything is made', async () => {
  const bench = start('--section', 'nonsense')
  expect(await bench.ended).toBe(2)
  expect(bench.errors()).toContain('there is no "nonsense"')
  const unbuilt = start('--section', 'fleet', '--against', folder)
  expect(await unbuilt.ended).toBe(2)
  expect(unbuilt.errors()).toContain(`"${folder}" has no bin/till`)
})

describe.runIf(possible)('the benchmark', () => {
  test('measures real runs over a real sshd, and leaves nothing', { timeout: 120_000 }, async () => {
    const out = join(folder, 'result.json')
    const bench = start(
      '--quick',
      '--section',
      'fleet',
      '--tool',
      'till,openssh',
      '--size',
      '4',
      '--against',
      ROOT,
      '--out',
      out,
    )
    expect(await bench.ended, bench.errors()).toBe(0)
    const { schema, samples, tools } = JSON.parse(readFileSync(out, 'utf8')) as BenchmarkResult
    expect(schema).toBe('till.benchmark/1')
    expect(tools.map(({ id }) => id)).toEqual(['till', 'against', 'openssh'])
    expect(samples.map(({ what, tool, right, note }) => ({ what, tool, right, note }))).toEqual(
      ['true', 'look'].flatMap((what) =>
        ['till', 'against', 'openssh'].map((tool) => ({ what, tool, right: true, note: undefined })),
      ),
    )
    for (const { values } of samples) {
      expect(values['cpu_ms']).toBeGreaterThan(0)
      expect(values['wall_ms']).toBeGreaterThan(0)
    }
    expect(tracesOf(bench)).toEqual([])
  })

  test.runIf(hasWinRmPeer)(
    'measures real logins over WinRM, and counts what the peer saw',
    { timeout: 120_000 },
    async () => {
      const out = join(folder, 'winrm.json')
      const bench = start('--quick', '--section', 'winrm', '--tool', 'till,pywinrm', '--out', out)
      expect(await bench.ended, bench.errors()).toBe(0)
      const { samples, skipped } = JSON.parse(readFileSync(out, 'utf8')) as BenchmarkResult
      const own = samples.filter(({ tool }) => tool === 'till')
      expect(own.map(({ what, right, note }) => ({ what, right, note }))).toEqual(
        ['hostname ntlm', 'look ntlm', 'hostname https', 'look https'].map((what) => ({
          what,
          right: true,
          note: undefined,
        })),
      )
      expect(own.map(({ values }) => values['shells_left'])).toEqual([0, 0, 0, 0])
      if (skipped.length === 0) expect(samples).toHaveLength(8)
      expect(tracesOf(bench)).toEqual([])
    },
  )

  test('on Ctrl-C it takes its lab down', { timeout: 120_000 }, async () => {
    const bench = start(
      '--quick',
      '--section',
      'fleet',
      '--tool',
      'openssh',
      '--size',
      '200',
      '--out',
      join(folder, 'no'),
    )
    // The lab is up, and something is being measured.
    while (!tracesOf(bench).some((name) => name.startsWith('tillbench-'))) await new Promise((go) => setTimeout(go, 50))
    await new Promise((go) => setTimeout(go, 500))
    bench.child.kill('SIGINT')
    expect(await bench.ended, bench.errors()).toBe(130)
    expect(tracesOf(bench)).toEqual([])
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })
})
