// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { readdirSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { MODULES } from '../../src/modules/index.ts'
import { POWERSHELL_HEAD } from '../../src/modules/user/powershell-text.ts'
import { shells } from '../shell/shells.ts'
import { type Ended, TestProject } from './project.ts'

const ROOT = join(import.meta.dirname, '../..')
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true })

interface Result {
  readonly it: string
  readonly side: string
  readonly shell?: string
  readonly state: string
  readonly problems: readonly string[]
}

let project: TestProject
const projects: TestProject[] = []
beforeEach(() => {
  project = new TestProject({ 'tillwright.yaml': '' })
  projects.push(project)
})
afterAll(async () => {
  for (const each of projects) await each.remove()
})

function document(name: string, { stdout }: Ended): Record<string, unknown> {
  const value = JSON.parse(stdout)
  const schema = JSON.parse(readFileSync(join(ROOT, `schemas/${name}.schema.json`), 'utf8'))
  const validate = ajv.getSchema(schema.$id) ?? ajv.compile(schema)
  validate(value)
  expect(validate.errors ?? []).toEqual([])
  return value
}

interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described>>
  readonly items?: Described
}

/** Paths of fields without a description. */
function namesWithout(path: string, schema: Described | undefined): readonly string[] {
  return Object.entries({ ...schema?.properties, ...schema?.items?.properties }).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${path}.${name}`]),
    ...namesWithout(`${path}.${name}`, field),
  ])
}

function codes({ stdout }: Ended): readonly string[] {
  return (JSON.parse(stdout).diagnostics as { code: string }[]).map(({ code }) => code)
}

/** Problems of the cases of a module, which must be the same in every shell. */
async function problemsOf(module: string, cases: string): Promise<readonly (readonly string[])[]> {
  project.write('modules/mine.yaml', `name: mine\nsummary: Mine\n${module}`)
  project.write('modules/mine.test.yaml', cases)
  const ended = await project.till('module', 'test', '--json')
  const { results } = document('module-tested', ended) as unknown as { results: Result[] }
  expect([...new Set(results.map(({ shell }) => shell))].sort()).toEqual(['bash', 'busybox', 'dash'].filter(isHere))
  expect(ended.code).toBe(results.some(({ state }) => state === 'failed') ? 4 : 0)
  const names = [...new Set(results.map(({ shell }) => shell))]
  const [first = [], ...others] = names.map((name) =>
    results.filter(({ shell }) => shell === name).map(({ problems }) => problems),
  )
  for (const other of others) expect(other.map(brief)).toEqual(first.map(brief))
  return first
}

/** Shells say what is wrong in their own words. */
function brief(problems: readonly string[]): readonly string[] {
  return problems.map((problem) => problem.replace(/: .*/s, ''))
}

function isHere(shell: string): boolean {
  return shells.some(({ name }) => name.startsWith(shell))
}

describe('till module', () => {
  test('new writes a module that works, with cases, and never writes over one', async () => {
    const made = await project.till('module', 'new', 'till-licence')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain('modules/till-licence.yaml, modules/till-licence.test.yaml')
    const text = project.read('modules/till-licence.yaml')
    const tested = await project.till('module', 'test', 'till-licence')
    expect(tested).toMatchObject({ code: 0, stderr: '' })
    expect(tested.stdout).toContain('0 failed')
    project.write('modules/till-licence.yaml', `${text}# mine\n`)
    expect(await project.till('module', 'new', 'till-licence', '--json')).toMatchObject({ code: 2 })
    expect(project.read('modules/till-licence.yaml')).toBe(`${text}# mine\n`)
    expect(readdirSync(project.path('modules')).length).toBe(2)
  })

  test.each(['service', 'when', 'Till', '../x', 'a b'])('new takes no name like %s', async (name) => {
    expect((await project.till('module', 'new', name)).code).toBe(2)
    expect(readdirSync(project.root)).not.toContain('modules')
  })

  test('list and show know those that are shipped, everywhere, and the repository’s own', async () => {
    await project.till('module', 'new', 'mine')
    const { modules } = document('modules', await project.till('module', 'list', '--json')) as {
      modules: { name: string; shipped: boolean }[]
    }
    expect(modules.filter(({ shipped }) => !shipped)).toEqual([
      {
        name: 'mine',
        summary: 'Sees to it that a file holds a text',
        shipped: false,
        file: 'modules/mine.yaml',
        systems: ['linux', 'windows'],
        converges: true,
        reacts: false,
      },
    ])
    expect(modules.length).toBeGreaterThan(15)
    const shown = document('module-shown', await project.till('module', 'show', 'mine', '--json'))
    expect(shown).toMatchObject({ desired: [{ path: 'text', params: ['text'] }], example: { mine: { text: 'hello' } } })
    document('module-shown', await project.till('module', 'show', 'service', '--json'))
    const printer = await project.till('module', 'show', 'printer')
    expect(printer.stdout).toMatch(/supplies\[\]\.percent \? +number +How much is left\./)
    const { stdout } = await project.till('module', 'show', 'mine')
    expect(stdout).toMatch(/text \* +string +What the file is to hold/)
    const unknown = await project.till('module', 'show', 'servce', '--json')
    expect([unknown.code, ...codes(unknown)]).toEqual([2, 'MODULE_UNKNOWN'])
  })

  test('every field of what a module shows is described, and a runbook that names another is refused with the near one', async () => {
    const undescribed = MODULES.flatMap(({ name, valueSchema }) =>
      namesWithout(name, valueSchema as Described | undefined),
    )
    expect(undescribed).toEqual([])
    project.write(
      'runbooks/room.yaml',
      'steps:\n  - disk: { path: /, free_min: 5% }\n  - assert: { that: "${{ steps.disk.value.free_pct > 5 }}" }\n',
    )
    const { code, stderr } = await project.till('validate')
    expect(code).toBe(2)
    for (const said of ['room.yaml:3:', 'steps.disk.value has no "free_pct"', 'It has device, mount,']) {
      expect(stderr).toContain(said)
    }
  })

  test('list shows what can be used, and what is wrong with the rest', async () => {
    project.write('modules/mine.yaml', 'name: mine\nsummary: Mine\n')
    const listed = await project.till('module', 'list', '--json')
    const { modules, diagnostics } = document('modules', listed) as { modules: unknown[]; diagnostics: unknown[] }
    expect([listed.code, modules.length > 15, diagnostics.length]).toEqual([2, true, 1])
    const shown = await project.till('module', 'show', 'mine', '--json')
    expect([shown.code, ...codes(shown)]).toEqual([2, 'SCHEMA_KEY_MISSING'])
  })

  test('works outside of a repository, where there are only those that are shipped', async () => {
    const elsewhere = new TestProject({})
    projects.push(elsewhere)
    expect((await elsewhere.till('module', 'list')).code).toBe(0)
    expect((await elsewhere.till('module', 'new', 'mine')).code).toBe(2)
  })
})

const KEEPS = `params: {properties: {key: {type: string}}}
desired: {key: "\${{ params.key }}"}
posix:
  observe: json_object key "$(cat "$ROOT/key" 2>/dev/null)"
`

describe('till module test', () => {
  test('finds an observe that writes', async () => {
    const module = 'posix:\n  observe: |\n    echo x >>"$ROOT/log"\n    json_object a 1\n'
    expect(await problemsOf(module, '- it: looks\n')).toEqual([[], ['observe wrote: log was made']])
  })

  test('finds a converge that changes nothing, and one that must not be run twice', async () => {
    expect(await problemsOf(`${KEEPS}  converge: ":"\n`, '- {it: x, params: {key: a}}\n')).toEqual([
      [],
      ['after converge there still differs key: "" in place of "a"'],
    ])
    const twice = `${KEEPS}  converge: printf %s "$key" >"$ROOT/key"; echo "$key" >>"$ROOT/log"\n`
    expect(await problemsOf(twice, '- {it: x, params: {key: a}}\n')).toEqual([
      [],
      ['converging a second time is no longer the same: log was written'],
    ])
  })

  test('finds a script that does not parse, and words that are no JSON', async () => {
    const broken = `${KEEPS}  converge: "if true; then"\n`
    expect((await problemsOf(broken, '- {it: x, params: {}}\n')).map(brief)).toEqual([['converge does not parse'], []])
    const wrong = 'posix: {observe: "echo all well"}\n'
    const [, [said] = []] = await problemsOf(wrong, '- it: x\n')
    expect(said).toContain('MODULE_OUTPUT_INVALID')
    expect(said).toContain('It printed: "all well\\n"')
  })

  test('holds value, changes, failures, parameters and files against what is expected', async () => {
    const module = `${KEEPS}  converge: umask 077; printf %s "$key" >"$ROOT/key"\n`
    const cases = `
- it: all is as expected
  given: {files: {key: old}}
  params: {key: new}
  expect: {value: {key: "~ ^ol"}, changes: [{path: key, before: old, after: new}]}
  after: {value: {key: new}, files: {key: new}, absent: [nothing]}
- it: nothing is
  given: {files: {key: {content: old, mode: "0644"}}}
  params: {key: new}
  expect: {value: {key: new}, changes: []}
- it: neither is afterwards
  given: {files: {key: {content: old, mode: "0644"}}}
  params: {key: new}
  after: {files: {key: {content: old, mode: "0600"}, other: x}, absent: [key]}
- it: does not fail
  expect: {failure: OBSERVE_FAILED}
- it: takes what it should not
  params: {key: a}
  expect: {invalid: true}
- it: does not take what it should
  params: {kee: a}
- it: hides a secret
  given: {files: {key: old}}
  params: {key: {secret: "test:s3cret"}}
  expect: {value: {key: "***"}, changes: [{path: key, after: "***"}]}
  after: {files: {key: s3cret}}
`
    expect(await problemsOf(module, cases)).toEqual([
      [],
      [],
      ['value.key is "old"; "new" is expected', 'what differs is key; expected is nothing'],
      ['key is "new"; "old" is expected', 'key has mode 644', 'other is not there', 'key is there'],
      ['it did not fail; OBSERVE_FAILED is expected'],
      ['its parameters are accepted; that they are not is expected'],
      ['Unknown key "kee". Known here: key.'],
      [],
    ])
  })

  test('runs stand-ins in place of programs', async () => {
    const module = 'posix: {observe: \'need_tool posctl; json_object mode "$(posctl mode)"\'}\n'
    const cases = `
- it: asks the program
  given: {programs: {posctl: 'echo "$1 is sale"'}}
  expect: {value: {mode: mode is sale}}
- it: says that it is missing
  expect: {failure: {code: TOOL_MISSING, message: ~ posctl}}
`
    expect(await problemsOf(module, cases)).toEqual([[], [], []])
  })

  test('says what is wrong in the cases, and that there are none', async () => {
    project.write('modules/mine.yaml', `name: mine\nsummary: Mine\n${KEEPS}`)
    const none = await project.till('module', 'test', '--json')
    expect([none.code, ...codes(none)]).toEqual([2, 'MODULE_CASES_MISSING'])
    project.write('modules/mine.test.yaml', '- it: x\n  parms: {}\n')
    const wrong = await project.till('module', 'test', 'mine', '--json')
    expect(JSON.parse(wrong.stdout).diagnostics).toMatchObject([
      { code: 'SCHEMA_KEY_UNKNOWN', source: { file: 'modules/mine.test.yaml', line: 2, column: 3 } },
    ])
    const shipped = await project.till('module', 'test', 'service', '--json')
    expect([shipped.code, ...codes(shipped)]).toEqual([2, 'MODULE_CASES_MISSING'])
  })

  test('hands a PowerShell of this machine the text, its head and the values, on stdin alone', async () => {
    project.write(
      'modules/mine.yaml',
      'name: mine\nsummary: Mine\nparams: {properties: {n: {type: integer}, key: {type: string}}}\npowershell: {observe: "@{ a = $v.n }"}\n',
    )
    project.write('modules/mine.test.yaml', "- {it: looks, params: {n: 3, key: it's}, expect: {value: {a: 3}}}\n")
    const nothing = await project.till('module', 'test', '--json')
    expect(nothing.code).toBe(2)
    expect(document('module-tested', nothing)).toMatchObject({
      ok: false,
      results: [{ side: 'powershell', state: 'not-run' }],
    })
    // Writes down what it is given, and says what PowerShell would.
    project.write(
      'bin/pwsh',
      `#!/bin/sh\ncat >"${project.path('stdin')}"\nprintf '%s\\n' "$@" >"${project.path('args')}"\necho '{"a":3}'\n`,
    )
    await chmod(project.path('bin/pwsh'), 0o755)
    const path = process.env['PATH']
    process.env['PATH'] = `${project.path('bin')}:${path}`
    const tested = await project.till('module', 'test', '--json').finally(() => {
      process.env['PATH'] = path
    })
    expect(document('module-tested', tested)).toMatchObject({ ok: true, results: [{ shell: 'pwsh', state: 'ok' }] })
    // In front of the first line .NET Framework may put the mark of UTF-8.
    const [first, body = '', ...values] = project.read('stdin').trimEnd().split('\n')
    expect(first).toBe('')
    const plain = (text = ''): string => Buffer.from(text, 'base64').toString()
    expect(plain(body)).toBe(`${POWERSHELL_HEAD}@{ a = $v.n }`)
    expect(values.map((line) => line.split(' ').map((word, at) => (at === 0 ? word : plain(word)))).sort()).toEqual([
      ['.'],
      ['till_changes', ''],
      ['till_i_n', '3'],
      ['till_t_key', "it's"],
    ])
    expect(project.read('args')).not.toContain("it's")
  })
})

test('the blocks of the page on writing modules are what it says they are', async () => {
  const page = readFileSync(join(ROOT, 'docs/writing-modules.md'), 'utf8')
  const [module = ''] = fencedBlocks(page, 'yaml module')
  const [cases = ''] = fencedBlocks(page, 'yaml cases')
  project.write('modules/till-licence.yaml', module)
  project.write('modules/till-licence.test.yaml', cases)
  const tested = await project.till('module', 'test')
  expect(tested).toMatchObject({ code: 0, stderr: '' })
})

test('the modules of this repository are as their cases say', async () => {
  const tested = await project.till('module', 'test', '--json', '--project', ROOT)
  const { results } = document('module-tested', tested) as unknown as { results: Result[] }
  expect(results.filter(({ state }) => state === 'failed')).toEqual([])
  expect(results.some(({ state }) => state === 'ok')).toBe(true)
})
