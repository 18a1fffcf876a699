import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { isThere } from '../peers/debian.ts'
import { TILL } from '../peers/till.ts'

const REASON = 'The service of the fiscal printer does not answer on its port'
const hasScript = isThere({
  what: 'a terminal of a size of its own',
  debian: 'bsdutils',
  isHere: spawnSync('script', ['--version']).status === 0,
})

describe.runIf(hasScript)('a narrow terminal', () => {
  let project: TestProject

  beforeAll(async () => {
    const devices = ['pos1', 'pos2'].map(
      (name) => `      ${name}: {profile: till, address: 127.0.0.1, transport: {type: local}}\n`,
    )
    project = new TestProject({
      'tillwright.yaml': '{}\n',
      'inventory/fleet.yaml': inventoryWith(devices.join('')),
      'runbooks/readiness.yaml': `name: readiness\nparams: {service: {type: string}}\nsteps:\n  - {id: a, assert: {that: "$\{{ params.service == 'ok' }}", message: ${REASON}}}\n`,
    })
    project.write(
      'runbooks/slow.yaml',
      `name: slow\nsteps:\n  - {id: a, command: {run: ":>${project.path('began')}; sleep 3; :>${project.path('done')}", creates: ${project.path('done')}}}\n`,
    )
    for (const service of ['cups', 'ok']) await project.till('plan', 'readiness', '--param', `service=${service}`)
  })
  afterAll(() => project.remove())

  /** What \`till\` writes on a terminal of this size; \`then\` gets what was written so far, and may type. */
  function onTerminal(
    size: string,
    args: string,
    then?: (said: string, typing: ChildProcess) => void,
  ): Promise<string> {
    const command = `stty ${size}; exec ${process.execPath} ${TILL} ${args}`
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: project.root,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    terminal.stdout.on('data', (chunk) => {
      said += chunk
      then?.(said, terminal)
    })
    return new Promise((resolve) => terminal.once('close', () => resolve(said)))
  }

  it.each([80, 44])(
    'of %i columns has the whole names and reasons in status, one row for what a runbook is about',
    async (columns) => {
      const text = stripVTControlCharacters(await onTerminal(`cols ${columns} rows 40`, 'status --no-pager'))
      const lines = text.split(/\r?\n/)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
      const words = text.replace(/\s+/g, ' ')
      for (const device of ['pos1', 'pos2']) {
        expect(lines.filter((line) => line.startsWith(`PL-0001/${device}  `))).toHaveLength(2)
      }
      expect(words).toContain('readiness service=cups')
      expect(words).toContain('readiness service=ok')
      expect(words).toContain(`ASSERT_FALSE: ${REASON}`)
      expect(text).not.toContain('…')
    },
  )

  it('keeps the notice of the first Ctrl-C on the screen, and what was stopped is not done', async () => {
    let typed = false
    const text = await onTerminal('cols 100 rows 24', 'apply slow --yes --parallel 1', (_said, terminal) => {
      if (typed || !existsSync(project.path('began'))) return
      typed = true
      terminal.stdin?.write('\u0003')
    })
    expect(typed).toBe(true)
    const drawn = stripVTControlCharacters(text)
    const views = drawn.slice(drawn.indexOf('SIGINT:')).split(/Apply slow +[█░]+ /)
    expect(views[0]).toContain('SIGINT: finishing what is being changed; once more to stop now')
    // A view is drawn anew as a whole; the last of them are of a run that has nothing more to do.
    expect(views.length).toBeGreaterThan(5)
    for (const view of views.slice(1, -1)) expect(view).toContain('SIGINT:')
    expect(drawn).not.toContain('2 of 2')
    expect(drawn).toContain('The run was interrupted.')
  })
})
