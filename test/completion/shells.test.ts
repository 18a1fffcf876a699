import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPLETION_SCRIPTS, type CompletionShell } from '../../src/cli/completion/scripts.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { isThere } from '../peers/debian.ts'

const BIN = join(import.meta.dirname, '../../bin')
let project: TestProject
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'till-shells-'))
  project = new TestProject({
    'tillwright.yaml': '',
    'runbooks/agent-update.yaml': 'name: agent-update\nsteps: [{facts: {}}]\n',
    'inventory/fleet.yaml': inventoryWith(
      '      pos1: {profile: till, address: 10.0.0.1}\n      pos2: {profile: till, address: 10.0.0.2}\n',
    ),
  })
  await project.till('inventory', 'list')
  for (const [shell, text] of Object.entries(COMPLETION_SCRIPTS)) writeFileSync(join(home, `till.${shell}`), text)
})
afterAll(async () => {
  await project.remove()
  rmSync(home, { recursive: true, force: true })
})

/** As a shell takes the line apart: bash breaks words at = and :. */
const BASH = `
source "$HOME/till.bash"
line=$1 COMP_LINE=$1 COMP_POINT=\${#1}
spaced=$(sed 's/[=:]/ & /g' <<<"$line")
read -ra COMP_WORDS <<<"$spaced"
[[ $line == *[\\ =:] ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
compopt() { echo "[$*]"; }
_till
printf '%s\\n' "\${COMPREPLY[@]}"
`

/** A program of its own, since zsh completes in a terminal only. */
const ZSH = join(import.meta.dirname, 'zsh-driver.py')

function offered(shell: CompletionShell, line: string): string {
  const env = { PATH: `${BIN}:${process.env['PATH']}`, HOME: home, TERM: 'dumb', LC_ALL: 'C.UTF-8' }
  const options = { env, cwd: project.root, encoding: 'utf8', timeout: 30_000 } as const
  if (shell === 'bash') return spawnSync('bash', ['-c', BASH, 'bash', line], options).stdout
  if (shell === 'fish') {
    const script = `source $HOME/till.fish; complete -C "${line}"`
    return spawnSync('fish', ['--no-config', '-c', script], options).stdout
  }
  return spawnSync('/usr/bin/python3', [ZSH, line], options).stdout
}

const DEBIAN = { bash: { debian: 'bash' }, zsh: { debian: 'zsh' }, fish: { debian: 'fish' } } as const

function isInstalled(shell: CompletionShell): boolean {
  const { debian } = DEBIAN[shell]
  return isThere({ what: `completion in ${shell}`, debian, isHere: spawnSync(shell, ['--version']).status === 0 })
}

describe.skipIf(!isInstalled('bash'))('bash', () => {
  test.each([
    ['till pla', 'plan\n'],
    ['till plan ', 'agent-update\n'],
    ['till plan agent-update --store ', 'PL-0001\n'],
    ['till plan agent-update --store=PL', 'PL-0001\n'],
    ['till plan agent-update --device PL', '[-o nospace]\nPL-0001/\n'],
    ['till plan agent-update --device PL-0001/', 'PL-0001/pos1\nPL-0001/pos2\n'],
    ['till plan agent-update --from-run latest:unr', 'unreachable\n'],
    ['till plan agent-update --output till', '[-o filenames]\ntillwright.yaml\n'],
    ['till plan agent-update --from-run=latest:unr', 'unreachable\n'],
    ['till explain HOST_KEY_M', 'HOST_KEY_MISMATCH\n'],
    ['till sandbox fault refu', '[-o nospace]\nrefused=\n'],
    ['till sandbox fault refused=PL', '[-o nospace]\nPL-0001/\n'],
    ['till sandbox fault refused=PL-0001/pos1', 'PL-0001/pos1\n'],
    ['till plan x --fail-on failed,unre', 'failed,unreachable\n'],
  ])('completes "%s"', (line, wanted) => {
    expect(offered('bash', line)).toBe(wanted)
  })
})

describe.skipIf(!isInstalled('fish'))('fish', () => {
  test.each([
    ['till pla', /^plan\tRead the devices/],
    ['till plan agent-update --store ', /^PL-0001\n$/],
    ['till plan agent-update --device PL-0001/', /^PL-0001\/pos1\nPL-0001\/pos2\n$/],
    ['till plan agent-update --from-run latest:unr', /^latest:unreachable\n$/],
    ['till plan agent-update --output tillw', /tillwright\.yaml/],
    ['till explain HOST_KEY_M', /^HOST_KEY_MISMATCH\t/],
    ['till sandbox fault refu', /^refused=\t/],
    ['till sandbox fault refused=PL-0001/pos1', /^refused=PL-0001\/pos1$/m],
  ])('completes "%s"', (line, wanted) => {
    expect(offered('fish', line)).toMatch(wanted)
  })
})

describe.skipIf(!isInstalled('zsh'))('zsh', () => {
  test.each([
    ['till pla', 'till plan '],
    ['till plan ', 'till plan agent-update '],
    ['till plan agent-update --store ', 'till plan agent-update --store PL-0001 '],
    ['till plan agent-update --device PL', 'till plan agent-update --device PL-0001/'],
    ['till plan agent-update --from-run latest:unr', 'till plan agent-update --from-run latest:unreachable '],
    ['till explain HOST_KEY_M', 'till explain HOST_KEY_MISMATCH '],
    ['till sandbox fault refu', 'till sandbox fault refused='],
    ['till sandbox fault refused=PL-0001/pos1', 'till sandbox fault refused=PL-0001/pos1 '],
  ])('completes "%s"', (line, wanted) => {
    expect(offered('zsh', line)).toContain(`<<${wanted}>>`)
  })
})
