import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { openLocalShell, shells } from './shells.ts'

/** Text that breaks quoting somewhere: every awkward character, and any other. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...`'"\`$\\!*?[]{}()<>|&;#~= \t\r\n-%ąćŁż€😀\u0081\u0088\ufeff`, '\x01', '\x7f') }),
  fc.string({ unit: fc.constantFrom("'", '\\', '\n', '$', '`'), maxLength: 12 }),
)
const value = awkward.map((text) => text.replaceAll('\0', ''))

// Most of it waits: the shells are tried beside each other, the tests of each one after another.
describe.concurrent.each(shells)('over $name', ({ path }) => {
  describe.sequential('the channel', () => {
    let open: Awaited<ReturnType<typeof openLocalShell>>
    beforeAll(async () => {
      open = await openLocalShell(path)
    })
    afterAll(() => open.close())

    test('hands every value over unharmed', async () => {
      const law = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (texts) => {
        const answers = await Promise.all(
          texts.map((text) => open.shell.ask({ script: `printf '%s' "$v"`, values: { v: text } })),
        )
        expect(answers.map((answer) => answer.text)).toEqual(texts.map((text) => Buffer.from(text).toString()))
      })
      await fc.assert(law, { numRuns: Number(process.env['TILL_RUNS'] ?? 25) })
    })

    test('hands over 100 KB of quotes and newlines', async () => {
      const text = `${"'\\\n$(x)`'é".repeat(12_000)}`
      const answer = await open.shell.ask({ script: `printf '%s' "$v"`, values: { v: text } })
      expect(answer.text === text).toBe(true)
    })

    test('hands over 100 KB on one line, and a leading dash', async () => {
      const text = `-n ${'x'.repeat(100_000)}`
      const answer = await open.shell.ask({ script: `printf '%s' "$v"`, values: { v: text } })
      expect(answer.text === text).toBe(true)
    })

    test('does not export values, even those that the environment has', async () => {
      const answers = await Promise.all([
        open.shell.ask({ script: 'env', values: { token: new Secret('hush') } }),
        open.shell.ask({ script: 'export token=1; v=2; env | grep -c token', values: { v: 1 } }),
      ])
      expect(answers[0]?.text.includes('hush')).toBe(false)
      expect(answers[1]?.text).toBe('1\n')
    })

    test('keeps one ask from touching the next', async () => {
      const scripts = [
        'cd /; x=1; set -e; umask 0; false; echo no',
        'exit 7',
        'if then',
        `\${`,
        "echo '",
        'exec 3>&1 >&2',
      ]
      const answers = await Promise.all(
        [...scripts, `echo "\${x-unset}"; false; echo on`].map((script) => open.shell.ask({ script })),
      )
      expect(answers.map((answer) => answer.exitCode !== 0)).toEqual([true, true, true, true, true, false, false])
      expect(answers.at(-1)?.text).toBe('unset\non\n')
      expect(answers[1]?.exitCode).toBe(7)
    })

    test('gives scripts nothing to read', async () => {
      const answers = await Promise.all([
        open.shell.ask({ script: 'cat; read -r line; echo "$? $line"' }),
        open.shell.ask({ script: 'echo next' }),
      ])
      expect(answers.map((answer) => answer.text)).toEqual(['1 \n', 'next\n'])
    })

    test('keeps output exactly: binary, without a last newline, on both streams', async () => {
      const answers = await Promise.all([
        open.shell.ask({ script: `printf 'a\\0b\\377\\n\\n'; printf 'err\\001' >&2; exit 3` }),
        open.shell.ask({ script: `printf 'no newline'` }),
        open.shell.ask({ script: ':' }),
        open.shell.ask({ script: 'set; echo x >&2' }),
      ])
      expect(Buffer.from(answers[0]?.stdout ?? []).toString('latin1')).toBe('a\0b\xff\n\n')
      expect([answers[0]?.errorText, answers[0]?.exitCode]).toEqual(['err\x01', 3])
      expect([answers[1]?.text, answers[2]?.text, answers[3]?.errorText]).toEqual(['no newline', '', 'x\n'])
    })

    test('cuts long output and says so', async () => {
      const script = 'i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done'
      const [cut, whole] = await Promise.all([
        open.shell.ask({ script, maxOutputBytes: 100 }),
        open.shell.ask({ script }),
      ])
      expect([cut.stdout.length, cut.truncated, whole.stdout.length, whole.truncated]).toEqual([
        100,
        true,
        33_000,
        false,
      ])
    })

    test('cuts no character of its output in half', async () => {
      const script = "printf 'a\\305\\274\\342\\202\\254\\360\\237\\222\\266'"
      const texts = await Promise.all(
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(async (n) => (await open.shell.ask({ script, maxOutputBytes: n })).text),
      )
      expect(texts).toEqual(['a', 'a', 'aż', 'aż', 'aż', 'aż€', 'aż€', 'aż€', 'aż€', 'aż€💶'])
    })

    test('is not held up by what an ask leaves running', async () => {
      const answers = await Promise.all([
        open.shell.ask({ script: 'sleep 300 & echo started' }),
        open.shell.ask({ script: 'sleep 300 & echo started', foreign: true }),
        open.shell.ask({ script: 'echo next' }),
      ])
      expect(answers.map((answer) => answer.text)).toEqual(['started\n', 'started\n', 'next\n'])
      expect(answers.map((answer) => answer.timedOut)).toEqual([false, false, false])
    })

    test('does not hear in later answers what a text of a user leaves running', async () => {
      const dir = (await open.shell.ask({ script: 'mktemp -d' })).text.trim()
      // It talks until it is told that the questions behind it were answered.
      const talks = `(trap '' PIPE; n=0; while [ ! -e "$d/end" ] && [ $n -lt 3000 ]; do n=$((n+1)); echo status=ok; echo bad >&2; sleep 0.02; done; : >"$d/ended") &`
      const [first, second, exact] = await Promise.all([
        open.shell.ask({
          script: `${talks} printf 'a\\0b\\377'; printf 'err' >&2; exit 7`,
          values: { d: dir },
          foreign: true,
        }),
        open.shell.ask({ script: 'sleep 0.3; echo status=broken' }),
        open.shell.ask({ script: `sleep 0.2; printf 'x\\n\\ny'`, foreign: true }),
      ])
      const own = (text: string) => text.replaceAll(/(status=ok|bad)\n/g, '')
      expect([own(Buffer.from(first.stdout).toString('latin1')), own(first.errorText), first.exitCode]).toEqual([
        'a\0b\xff',
        'err',
        7,
      ])
      expect([second.text, second.errorText, exact.text, exact.errorText]).toEqual([
        'status=broken\n',
        '',
        'x\n\ny',
        '',
      ])
      const wait = 'until [ -e "$d/ended" ]; do sleep 0.1; done; rm -r "$d"'
      expect((await open.shell.ask({ script: `: >"$d/end"; ${wait}`, values: { d: dir } })).exitCode).toBe(0)
    })

    test.each([
      'exit 3',
      'kill -9 $(exec sh -c \'echo "$PPID"\')',
      'exec 1>&-; exit 3',
      'if then',
      'echo out; exec sh -c "exit 3"',
    ])('a text of a user ends as it does: %s', async (script) => {
      const [plain, foreign] = await Promise.all([
        open.shell.ask({ script }),
        open.shell.ask({ script, foreign: true }),
      ])
      const about = ({ exitCode, text, errorText }: typeof plain) => [
        exitCode,
        text,
        errorText.replaceAll(/line \d+/g, 'line'),
      ]
      expect(about(foreign)).toEqual(about(plain))
    })

    test('what a text of a user says is kept where it is ended by its deadline', async () => {
      const [hung, next] = await Promise.all([
        open.shell.ask({
          script: `trap 'echo clean; exit 9' TERM; echo out; sleep 60; echo never`,
          foreign: true,
          timeoutMs: 300,
        }),
        open.shell.ask({ script: 'echo next' }),
      ])
      expect([hung.text, hung.timedOut, hung.exitCode, next.text]).toEqual(['out\nclean\n', true, 9, 'next\n'])
    })

    test('ends an ask that hangs, with all that it started, and goes on', async () => {
      const hang = `trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & sh -c 'echo "$$"; sleep 60'; sleep 60; echo never`
      const began = performance.now()
      const [first, hung, next] = await Promise.all([
        open.shell.ask({ script: 'echo first' }),
        open.shell.ask({ script: hang, timeoutMs: 300 }),
        open.shell.ask({ script: 'echo next' }),
      ])
      expect([first.text, next.text, hung.timedOut, next.timedOut]).toEqual(['first\n', 'next\n', true, false])
      expect(hung.text.includes('never')).toBe(false)
      expect(hung.errorText.includes('eval')).toBe(false)
      const left = await open.shell.ask({ script: 'kill -0 "$pid"', values: { pid: Number.parseInt(hung.text, 10) } })
      expect(left.exitCode).not.toBe(0)
      expect(performance.now() - began).toBeLessThan(15_000)
    })

    test('runs the clean-up of a script that is ended', async () => {
      const answer = await open.shell.ask({
        script: `trap 'echo clean; exit 9' TERM; sleep 60; echo never`,
        timeoutMs: 200,
      })
      expect([answer.text, answer.timedOut, answer.exitCode]).toEqual(['clean\n', true, 9])
    })

    test('uploads bytes exactly, to a new private file only', async () => {
      const dir = (await open.shell.ask({ script: 'mktemp -d' })).text.trim()
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255))
      const path = `${dir}/-o 'd"d\n$x\\ ł`
      const up = await open.shell.upload(path, bytes)
      expect([up.errorText, up.exitCode]).toEqual(['', 0])
      expect((await open.shell.upload(`${dir}/empty`, new Uint8Array())).exitCode).toBe(0)
      const again = await open.shell.upload(path, bytes)
      expect(again.exitCode).toBe(73)
      const sum = await open.shell.ask({
        script: 'cksum <"$p"; wc -c <"$e"; stat -c %a "$p"; rm -r "$d"',
        values: { p: path, e: `${dir}/empty`, d: dir },
      })
      expect(sum.text.trim().split(/\s+/).slice(1)).toEqual(['300000', '0', '600'])
    })

    test('does not count for an upload what it waits until its content may go', async () => {
      const dir = (await open.shell.ask({ script: 'mktemp -d' })).text.trim()
      const began = performance.now()
      const content = (async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('one')
        await new Promise((later) => setTimeout(later, 3_500))
        yield Buffer.from('two')
      })()
      const more = { timeoutMs: 3_000, waitedMs: () => performance.now() - began }
      expect((await open.shell.upload(`${dir}/new`, content, more)).exitCode).toBe(0)
      expect((await open.shell.ask({ script: 'cat "$d/new"; rm -r "$d"', values: { d: dir } })).text).toBe('onetwo')
    })

    test('ends an upload at once whose content is waited for', async () => {
      const other = await openLocalShell(path)
      const dir = (await open.shell.ask({ script: 'mktemp -d' })).text.trim()
      let wait = (): void => undefined
      const stuck = new Promise<void>((resolve) => {
        wait = resolve
      })
      const content = (async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('one')
        wait()
        await new Promise(() => undefined)
      })()
      const upload = expect(other.shell.upload(`${dir}/new`, content)).rejects.toMatchObject({
        failure: { code: 'SESSION_LOST' },
      })
      await stuck
      await other.close()
      await upload
      await open.shell.ask({ script: 'rm -r "$d"', values: { d: dir } })
    })
  })
})
