import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { devicePatternProblem, dotnetPattern, grepPattern } from '../../src/pattern/device-pattern.ts'
import { fromDotnet } from '../../src/pattern/dotnet-pattern.ts'
import { patternOf } from '../../src/pattern/pattern.ts'
import { shells } from '../shell/shells.ts'

const PATTERNS = [
  'ERROR|FATAL',
  String.raw`^\d+ x`,
  'a.c',
  '^.{3}$',
  '^.{4}$',
  '[^"]+',
  '"([^"]*)"',
  '(?i)błąd',
  String.raw`\bERR\b`,
  '[ąć]z',
  '[^ą]',
  '^[^ą]$',
  'x{2,3}',
  '(a|)b',
  '[.]',
  '[]a]',
  String.raw`[a\]b]`,
  String.raw`[\^-]`,
  String.raw`[\^]`,
  '[-]',
  '[^-]',
  '[^]]',
  String.raw`\\`,
  String.raw`[\\]`,
  String.raw`a\|b`,
  String.raw`^\s*$`,
  String.raw`\w+@\w+`,
  '(?:ab)+',
  'x*?y',
  '[[:digit:]]{4}$',
  'B..D',
  String.raw`\x41`,
  String.raw`\Qa.b\E`,
  String.raw`\t`,
  String.raw`[^\d]`,
  '(?i)k',
  '[а-я]+',
  '^[а-я]{2}$',
  String.raw`\$`,
  'a$',
  '%d',
  String.raw`\x{142}`,
  '[+--]',
  '[!-/]',
  '(ab){2}',
  '(?i:a)B',
  '^(a|b)*c$',
  'ż{2}',
  String.raw`[\w.-]+`,
  '😀',
  '^.b',
  'a{0,2}b',
] as const
const TEXTS = [
  'ERROR here',
  'FATAL',
  '12 x',
  'abc',
  'żółw',
  'żół',
  'żó',
  'say "hi"',
  'BŁĄD',
  'błąd',
  'xERR ERR',
  'ERRx',
  'ąz',
  'ćz',
  'ą',
  'b',
  'xx',
  'ab',
  '.',
  'a',
  'a.b',
  'axb',
  ']',
  '^',
  '-',
  '\\',
  'a|b',
  '  ',
  '',
  'me@you',
  'abab',
  'xxy',
  '12345',
  'A',
  'a\tb',
  'K',
  'привет',
  'да',
  '$',
  'a$',
  '%d',
  'ł',
  '+',
  ',',
  '/',
  'aB',
  'AB',
  'abac',
  'żż',
  'foo.bar-x',
  '😀',
  '😀b',
  'x-x',
  'B##D',
] as const

describe('a pattern that devices are asked to look for', () => {
  it.each(shells)('means to grep of $name what it means here', (shell) => {
    const grep = shell.path.endsWith('busybox') ? 'busybox grep' : 'grep'
    const script = `LC_ALL=C; export LC_ALL; texts=$1; shift
for p; do printf '%s' "$texts" | ${grep} -anE -e "$(printf %b "$p")" | cut -d : -f 1 | tr '\\n' ' '; echo; done`
    const texts = TEXTS.map((text) => `${text}\n`).join('')
    const args = [
      ...(shell.path.endsWith('busybox') ? ['ash'] : []),
      '-c',
      script,
      'sh',
      texts,
      ...PATTERNS.map(grepPattern),
    ]
    const { stdout, stderr } = spawnSync(shell.path, args, { encoding: 'utf8' })
    expect(stderr).toBe('')
    const rows = stdout.split('\n').slice(0, -1)
    const found = PATTERNS.map((pattern, row) => [
      pattern,
      ...(rows[row] ?? '')
        .split(' ')
        .filter((line) => line !== '')
        .map((line) => TEXTS[Number(line) - 1]),
    ])
    expect(found).toEqual(
      PATTERNS.map((pattern) => [pattern, ...TEXTS.filter((text) => patternOf(pattern).test(text))]),
    )
  })

  it('is read back from what .NET is asked', () => {
    for (const pattern of PATTERNS) {
      const back = patternOf(fromDotnet(dotnetPattern(pattern)))
      expect([pattern, ...TEXTS.filter((text) => back.test(text))]).toEqual([
        pattern,
        ...TEXTS.filter((text) => patternOf(pattern).test(text)),
      ])
    }
  })

  it('takes a byte of an old encoding for a letter', () => {
    const line = Buffer.from([0x42, 0xa3, 0xa5, 0x44])
    const grep = (pattern: string): number | null => {
      const script = 'LC_ALL=C grep -aqE -e "$(printf %b "$1")"'
      return spawnSync('sh', ['-c', script, 'sh', grepPattern(pattern)], { input: line }).status
    }
    expect([grep('B..D'), grep('^B.+D$'), grep('B[^D]*D'), grep('B.D')]).toEqual([0, 0, 0, 1])
  })

  it.each([
    [String.raw`\p{L}`, '`\\p` is not known'],
    [String.raw`\Bx`, '`\\B` is not known'],
    ['(?U)a+', '`(?U)` is not supported'],
    ['a{256}', 'at most 255 times'],
    ['(?=a)b', 'looking ahead'],
    [String.raw`(a)\1`, 'references back'],
    ['[', 'missing closing ]'],
  ])('is refused where it has no equal there: %s', (pattern, why) => {
    expect(devicePatternProblem(pattern)).toContain(why)
  })
})
