import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ChainLink, NotRun } from '../../src/core/chain.ts'
import type { ShellAnswer } from '../../src/core/channel.ts'
import { SessionLost } from '../../src/core/failure.ts'
import { KeptScripts } from '../../src/shell/posix-kept-scripts.ts'
import { openLocalShell, shells } from './shells.ts'

/** What came of each link: its stdout, `not run`, or the code of an interruption. */
async function ends(answers: readonly Promise<ShellAnswer>[]): Promise<string[]> {
  return Promise.all(
    answers.map((answer) =>
      answer.then(
        ({ text, exitCode, timedOut }) => `${text.trim()}${exitCode ? `:${exitCode}` : ''}${timedOut ? ' late' : ''}`,
        (error) =>
          error instanceof NotRun ? 'not run' : error instanceof SessionLost ? error.failure.code : `${error}`,
      ),
    ),
  )
}

const said = (script: string, more: Partial<ChainLink> = {}): ChainLink => ({ request: { script }, ...more })
const done = { kind: 'exit', codes: [0] } as const

// Most of it waits: the shells are tried beside each other, the tests of each one after another.
describe.concurrent.each(shells)('over $name', ({ path }) => {
  describe.sequential('a chain', () => {
    let open: Awaited<ReturnType<typeof openLocalShell>>
    let folder: string
    beforeAll(async () => {
      open = await openLocalShell(path)
      folder = mkdtempSync(join(tmpdir(), 'till-chain-'))
    })
    afterAll(async () => {
      await open.close()
      rmSync(folder, { recursive: true })
    })
    const chain = (links: readonly ChainLink[]) => ends(open.shell.chain(links))

    test('goes on while exit codes are as desired, and stops behind one that is not', async () => {
      const codes = { kind: 'exit', codes: [0, 3] } as const
      const links = [
        said('echo a', { gate: codes }),
        said('echo b; exit 3', { gate: codes }),
        said('echo c; exit 4', { gate: codes }),
        said('echo d', { gate: codes }),
        said('echo e'),
      ]
      expect(await chain(links)).toEqual(['a', 'b:3', 'c:4', 'not run', 'not run'])
      expect(await chain(links.slice(0, 2))).toEqual(['a', 'b:3'])
    })

    test('runs what is to be run in any case, and what stands in for what was not run', async () => {
      const links = (code: number) => [
        said('echo 0', { gate: done }),
        said(`exit ${code}`, { gate: done }),
        said('echo 2', { gate: done }),
        said('echo for 0', { run: { brokenBy: 0 } }),
        said('echo for 1', { run: { brokenBy: 1 } }),
        said('echo for 2', { run: { brokenBy: 2 } }),
        said('echo always', { run: 'always' }),
      ]
      expect(await chain(links(0))).toEqual(['0', '', '2', 'not run', 'not run', 'not run', 'always'])
      expect(await chain(links(7))).toEqual(['0', ':7', 'not run', 'not run', 'for 1', 'for 2', 'always'])
    })

    test('tells whether a script answers what it answered before, to the byte', async () => {
      const scripts = [
        `printf 'a\\0b\\n\\n'`,
        `printf 'a\\0b\\n'`,
        `printf 'ab\\0\\n\\n'`,
        `printf 'a\\0b\\n\\n'; exit 1`,
        `printf 'a\\0b\\n\\n'; echo >&2`,
        `printf 'a\\0b\\n'; printf '\\n' >&2`,
        `printf 'a\\0b\\n\\n 0\\n'`,
        'head -c 200000 /dev/zero',
        ':',
        'sh -c exit',
      ]
      const answers = await Promise.all(scripts.map((script) => open.shell.ask({ script })))
      const loud = answers.map(({ stderr }) => stderr.length > 0)
      for (const [was, as] of answers.entries()) {
        const found = await Promise.all(scripts.map((script) => chain([said(script, { gate: { kind: 'same', as } })])))
        const held = found.map(([end]) => end !== 'not run')
        const alike = (i: number) => i === was || (was >= 8 && i >= 8)
        expect(held).toEqual(scripts.map((_, i) => alike(i) && !loud[was]))
      }
    })

    test('gives the same values to a look that is to answer the same', async () => {
      const text = fc.string({
        unit: fc.constantFrom("'", '\\', '$', '`', '\n', ')', '(', '"', 'ł', '\x01', '\x7f', '#'),
      })
      const law = fc.asyncProperty(text, async (v) => {
        const request = { script: `printf '%s' "$v"`, values: { v } }
        const as = await open.shell.ask(request)
        expect(as.text).toBe(v)
        const [same] = open.shell.chain([{ request, gate: { kind: 'same', as } }])
        expect((await same)?.stdout).toEqual(as.stdout)
      })
      await fc.assert(law, { numRuns: Number(process.env['TILL_RUNS'] ?? 15) })
    })

    test('tests the variables that a script found, and keeps what it said apart', async () => {
      const gate = (desired: string) =>
        ({
          kind: 'test',
          test: '[ "$found" = "$desired" ]; s=$?; echo x; echo x >&2; exit $s',
          values: { desired },
        }) as const
      const look = 'found=\'a b\'; echo "$found"'
      const answers = open.shell.chain([said(look, { gate: gate('a b') }), said(look, { gate: gate('ab') }), said(':')])
      expect(await ends(answers)).toEqual(['a b', 'a b', 'not run'])
      expect((await answers[0])?.errorText).toBe('')
      const held = { kind: 'test', test: ':' } as const
      expect(await chain([said('echo x; exit 5', { gate: held }), said(':')])).toEqual(['x:5', 'not run'])
      expect(await chain([said('exit 0', { gate: held }), said(':')])).toEqual(['', 'not run'])
      expect(await chain([said('if then', { gate: held }), said(':')])).toEqual([
        expect.stringMatching(/^:\d+$/),
        'not run',
      ])
      expect(await chain([said(':', { gate: { kind: 'test', test: `'` } }), said(':')])).toEqual(['', 'not run'])
    })

    test('ends a link that hangs, and does not take its clean end for an end of its own', async () => {
      const files = ['a', 'b', 'c'].map((name) => join(folder, name))
      const hang = (script: string): ChainLink => ({ request: { script, timeoutMs: 400 }, gate: done })
      const touch = (file: string | undefined): ChainLink => ({
        request: { script: '>"$f"', values: { f: file ?? '' } },
      })
      const links = [hang('sleep 60'), touch(files[0]), said('echo on', { run: 'always' })]
      expect(await chain(links)).toEqual([expect.stringMatching(/:\d+ late$/), 'not run', 'on'])
      const clean = [hang(`trap 'exit 0' TERM; sleep 60`), touch(files[1]), said('echo on', { run: 'always' })]
      expect(await chain(clean)).toEqual([expect.stringMatching(/ late$/), 'not run', 'on'])
      const look: ChainLink = {
        request: { script: 'sleep 60', timeoutMs: 400 },
        gate: { kind: 'same', as: await open.shell.ask({ script: ':' }) },
      }
      expect(await chain([look, touch(files[2]), said('echo on', { run: 'always' })])).toEqual([
        'not run',
        'not run',
        'on',
      ])
      expect(readdirSync(folder)).toEqual([])
      expect(await chain([said('echo again', { gate: done }), said('echo b')])).toEqual(['again', 'b'])
    })

    test('stops at a link that cannot be sent', async () => {
      const links = [said('echo a', { gate: done }), { request: { script: ':', values: { v: '\0' } } }, said('echo c')]
      expect(await chain(links)).toEqual(['a', expect.stringContaining('NUL'), 'not run'])
    })

    test('leaves no trace for what is asked later, and hides what it keeps', async () => {
      const long = `set | grep -c '^till'; : ${'x'.repeat(300)}`
      const links = [said(long, { gate: done }), said(long, { gate: { kind: 'test', test: long } }), said(long)]
      // Only a test is seen by the script that it stands behind, which is one of our own.
      expect(await chain(links)).toEqual(['0', '1', '0'])
      const [plain, again] = await Promise.all([open.shell.ask({ script: long }), open.shell.ask({ script: 'set' })])
      expect([plain.text, again.text.match(/^till.*/gm)]).toEqual(['0\n', null])
    })

    test('runs nothing more once nobody listens', async () => {
      const other = await openLocalShell(path)
      const [begun, after] = [join(folder, 'begun'), join(folder, 'after')]
      const links: ChainLink[] = [
        { request: { script: '>"$f"; sleep 1', values: { f: begun } }, gate: done },
        { request: { script: '>"$f"', values: { f: after } }, gate: done },
      ]
      const answers = ends(other.shell.chain(links))
      await expect.poll(() => existsSync(begun)).toBe(true)
      await other.close()
      expect(await answers).toEqual(['SESSION_LOST', 'SESSION_LOST'])
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(existsSync(after)).toBe(false)
      rmSync(begun)
    })
  })
})

describe('scripts that are kept', () => {
  test('travel once, if they come more than once and are long', () => {
    const kept = new KeptScripts()
    const [long, other] = ['l'.repeat(400), 'o'.repeat(400)]
    expect(kept.keep(['short', 'short', long, other])).toBe('')
    expect(kept.keep([long, other, long])).toBe(`till_s1='${long}'\n`)
    expect(kept.keep([long, long])).toBe('')
    expect(kept.call(long)).toBe('eval "unset -v till_s1; $till_s1"')
    expect(kept.call('short')).toBe("unset -v till_s1; eval 'short'")
  })
})
