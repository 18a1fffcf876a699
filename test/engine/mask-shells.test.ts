import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { Masker } from '../../src/engine/journal/mask.ts'
import { shells } from '../shell/shells.ts'

const SECRETS = [
  String.raw`correct\nhorse-battery`,
  String.raw`tab\tand\\back\\slash`,
  String.raw`octal\0305\0274and\101more`,
  String.raw`hex\x41\xc5\xbcfoo-bar`,
  String.raw`cut-short-here\cand-more`,
  'zażółć-gęślą',
  "it's-żółw-here",
  'plain-old-secret',
] as const

function masked(secret: string, text: string): string {
  const masker = new Masker()
  masker.add(new Secret(secret))
  return masker.text(text)
}

describe('a secret that a shell has printed in its way', () => {
  it.each(
    shells.flatMap((shell) =>
      [
        'echo "$S"',
        'echo -e "$S"',
        `printf '%b\\n' "$S"`,
        'printf "$S"',
        `read x <<E\n$S\nE\necho "$x"`,
        `printf '%s\\n' "$S"`,
      ].map((script) => [script, shell.name, shell] as const),
    ),
  )('is masked: %s in %s', (script, _name, shell) => {
    for (const secret of SECRETS) {
      const args = shell.path.endsWith('busybox') ? ['ash', '-c', script] : ['-c', script]
      const { stdout } = spawnSync(shell.path, args, {
        // Without a level, bash takes itself for a child of rshd, and runs ~/.bashrc.
        env: { S: secret, LC_ALL: 'C.UTF-8', PATH: process.env['PATH'], SHLVL: '1' },
      })
      const said = stdout.toString('utf8')
      const shown = masked(secret, `before ${said} after`)
      // Nothing but the mark, options that were printed, and what is around it.
      expect([
        secret,
        shown
          .replace(/^before (-e )?/, '')
          .replace(/\s+after$/, '')
          .replaceAll('***', '')
          .trim(),
      ]).toEqual([secret, ''])
    }
  })

  it.each([
    'ls -Q',
    'ls --quoting-style=shell-escape',
    'ls --quoting-style=shell-escape-always',
    'ls --quoting-style=c',
    'ls -b',
    'stat -c %N',
    'cat',
  ])('is masked: as a name of a file, in the C locale, by %s', (tool) => {
    const folder = mkdtempSync(join(tmpdir(), 'till-mask-'))
    for (const secret of ['zażółć-gęślą', "it's-żółw-here", 'ąęćń łóśźż']) {
      const { stdout, stderr } = spawnSync(
        'sh',
        ['-c', `${tool.startsWith('cat') ? '' : 'touch "./$S";'} ${tool} "./$S"`],
        {
          cwd: folder,
          env: { S: secret, LC_ALL: 'C', PATH: process.env['PATH'] },
        },
      )
      rmSync(join(folder, secret), { force: true })
      const said = `${stdout}${stderr}`
      const shown = masked(secret, said)
      expect([said, shown.includes('***'), /\\[0-7]{3}|[ąęćńłóśźż]/.test(shown)]).toEqual([said, true, false])
    }
    rmSync(folder, { recursive: true })
  })
})
