import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codecOf } from '../../../src/devices/config/formats.ts'
import type { IniDialect } from '../../../src/devices/config/ini-dialect.ts'

/** What programs read of what is written for them, and of what others wrote, against what we take it for. */
const run = promisify(execFile)

const VALUES = [
  ...[
    'ab#cd',
    'a;b',
    '#fff',
    ';x',
    'a # b',
    'a ; b',
    '50%off',
    '100%',
    '"q"',
    `it's`,
    `'x'`,
    'say "no" # so',
    'C:\\new\\',
  ],
  ...[
    'C:\\dir',
    'a\\"b',
    ' lead',
    'trail ',
    'tab\there',
    '',
    'a=b',
    'a:b',
    'Żabka',
    'voilà',
    '\\',
    '\\\\',
    `'"`,
    'a  b',
    `x"y`,
  ],
]

/** As it stands in a file that somebody else wrote. */
const WRITTEN = [
  ...[
    'plain',
    'ab#cd',
    'a;b',
    'a ; b',
    '"a;b" # c',
    `'a#b'`,
    '"a"b',
    'x"y z"w',
    'C:\\new',
    'C:\\dir',
    '"open',
    'a\\\\b',
  ],
  ...['"a\\"b"', '50%off', '50%%off', '%(other)s/x', '%(other', `"it's"`, `it's # x`, '  a  '],
]

interface Reader {
  readonly dialect: IniDialect
  readonly program: string
  /** The value of k in the section s of each file; undefined: the program refuses it. */
  read(files: readonly string[]): Promise<(string | undefined)[]>
}

const asked = async (program: string, args: readonly string[]): Promise<string | undefined> => {
  try {
    return (await run(program, [...args], { encoding: 'utf8' })).stdout
  } catch {
    return undefined
  }
}

const PYTHON = `
import sys, json, configparser
def value(path):
    parser = configparser.ConfigParser()
    parser.read(path, encoding="utf-8")
    try: return parser.get("s", "k")
    except configparser.Error: return None
print(json.dumps([value(path) for path in sys.argv[1:]]))`
const PHP =
  'foreach (array_slice($argv, 1) as $file) $all[] = parse_ini_file($file, true)["s"]["k"]; echo json_encode($all);'

const readers: Reader[] = [
  {
    dialect: 'git',
    program: 'git',
    read: (files) =>
      Promise.all(
        files.map(async (file) => (await asked('git', ['config', '-z', '-f', file, 's.k']))?.replace(/\0$/, '')),
      ),
  },
  {
    dialect: 'configparser',
    program: 'python3',
    read: async (files) => {
      const all = JSON.parse((await asked('python3', ['-c', PYTHON, ...files])) ?? '') as (string | null)[]
      return all.map((one) => one ?? undefined)
    },
  },
  {
    dialect: 'mysql',
    program: 'my_print_defaults',
    read: (files) =>
      Promise.all(
        files.map(async (file) => {
          const printed = await asked('my_print_defaults', [`--defaults-file=${file}`, 's'])
          return /^--k=([\s\S]*)\n$/m.exec(printed ?? '')?.[1]
        }),
      ),
  },
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'till-readers-'))
})
afterAll(() => rm(folder, { recursive: true }))

const isThere = async (program: string): Promise<boolean> =>
  (await asked('sh', ['-c', `command -v ${program}`])) !== undefined

const filesOf = (texts: readonly string[]): Promise<string[]> =>
  Promise.all(
    texts.map(async (text, at) => {
      const file = join(folder, String(at))
      await writeFile(file, text, { mode: 0o600 })
      return file
    }),
  )

const setTo = (dialect: IniDialect, text: string, value: string) =>
  codecOf('ini', dialect).edit(text, { set: new Map([['s.k', value]]), remove: [] })

describe.each(readers)('$dialect', ({ dialect, program, read }) => {
  test('reads what was written for it', async (context) => {
    if (!(await isThere(program))) return context.skip()
    const held = VALUES.flatMap((value) => {
      const made = setTo(dialect, '[s]\nother=o\n', value)
      return made.ok ? [{ value, text: made.value }] : []
    })
    const theirs = await read(await filesOf(held.map(({ text }) => text)))
    expect(theirs).toEqual(held.map(({ value }) => value))
    for (const { value, text } of held) expect(setTo(dialect, text, value)).toEqual({ ok: true, value: text })
    expect(held.length).toBeGreaterThan(20)
  })

  test('is read as it reads, and what it refuses is not in order', async (context) => {
    if (!(await isThere(program))) return context.skip()
    const texts = WRITTEN.map((written) => `[s]\nother=o\nk=${written}\n`)
    const theirs = await read(await filesOf(texts))
    const ours = texts.map((text) => {
      const reading = codecOf('ini', dialect).read(text)
      return reading.ok ? reading.value.get('s.k') : reading.problem.message
    })
    // References are written, and held against each other, as they stand in the file.
    const isReference = (at: number): boolean => dialect === 'configparser' && /%[%(]/.test(WRITTEN[at] ?? '')
    expect(ours.filter((_, at) => !isReference(at))).toEqual(
      theirs.map((one) => one ?? null).filter((_, at) => !isReference(at)),
    )
  })
})

test('PHP reads all of what stands in quotes because of signs that mean something to it', async (context) => {
  if (!(await isThere('php'))) return context.skip()
  const comments = ['ab#cd', 'a;b', ';x', 'a ; b', 'a # b']
  const signs = ['http://h/a?s=12&t=1', 'p(w', 'a!', "it's", 'x"y', '${' + 'x}', '~a', 'a|b', 'a^b', '(a)']
  const values = [...comments, ...signs, ...signs]
  const texts = values.map((value, at) => {
    const made = setTo('inline-comments', at < comments.length + signs.length ? '[s]\nk=a;b\n' : '[s]\nk="a"\n', value)
    return made.ok ? made.value : made.problem.message
  })
  expect(JSON.parse((await asked('php', ['-n', '-r', PHP, ...(await filesOf(texts))])) ?? '')).toEqual(values)
})

test('levels of errors of PHP stay without quotes', () => {
  const made = setTo('inline-comments', '[s]\nk=E_ALL\n', 'E_ALL & ~E_DEPRECATED')
  expect(made).toEqual({ ok: true, value: '[s]\nk=E_ALL & ~E_DEPRECATED\n' })
})

test('without a dialect, what they read in different ways is neither read nor written', () => {
  const codec = codecOf('ini', undefined)
  const refusals = ['ab#cd', 'a;b', '"http://h"', `'x'`, 'x "y"', '50%', 'a\\nb'].flatMap((value) => [
    codec.edit(`[s]\nk=${value}\n`, { set: new Map([['s.k', 'x']]), remove: [] }),
    codec.edit('[s]\nk=1\n', { set: new Map([['s.k', value]]), remove: [] }),
  ])
  for (const made of refusals) expect(!made.ok && made.problem.message).toMatch(/say which.*`dialect`/)
  const plain = codec.edit('[s]\nk=C:\\till\\new\n', { set: new Map([['s.k', "C:\\till\\it's"]]), remove: [] })
  expect(plain).toEqual({ ok: true, value: "[s]\nk=C:\\till\\it's\n" })
})

/** What systemd says of unit files, by its own reader: it repeats a time that it cannot make out, with blanks of a joint as they are. */
async function saidBySystemd(texts: readonly string[]): Promise<string> {
  const files = await Promise.all(
    texts.map(async (text, at) => {
      const file = join(folder, `till-unit-${at}.service`)
      await writeFile(file, text)
      return file
    }),
  )
  const asking = run('systemd-analyze', ['verify', '--man=no', ...files], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  return asking.then(
    ({ stderr }) => stderr,
    (error: { stderr: string }) => error.stderr,
  )
}

test('systemd reads values, and lines that go on, as we take them', async (context) => {
  if (!(await isThere('systemd-analyze'))) return context.skip()
  const goingOn = [
    'a \\\n  b',
    'a\\\n# c\n b',
    'a \\\n\nUser=q',
    'x \\\n ; c\n; d\n  y',
    'a\\\n[Unit]\nb',
    'a\\ \n',
    'q\\\n\\\n z',
    'a\\\\\\\n b',
  ]
  const written = [...WRITTEN.filter((value) => /\S/.test(value) && !/^\d/.test(value)), ...goingOn]
  const texts = written.map((value) => `[Service]\nExecStart=/bin/true\nRestartSec=${value}\n`)
  const said = await saidBySystemd(texts)
  const theirs = texts.map((_, at) =>
    new RegExp(`till-unit-${at}\\.service:\\d+: Failed to parse .*, ignoring: ?(.*)`)
      .exec(said)?.[1]
      ?.replace(/ +/g, ' '),
  )
  const ours = texts.map((text) => {
    const reading = codecOf('ini', 'systemd').read(text)
    return reading.ok ? String(reading.value.get('Service.RestartSec')).replace(/ +/g, ' ') : reading.problem.message
  })
  expect(ours).toEqual(theirs)
  expect(ours.length).toBeGreaterThan(20)
})

test('what stands behind a heading makes systemd refuse the file, and nobody calls that in order', async (context) => {
  const headings = [
    '[Service]',
    '  [Service]  ',
    '[Service] ; main',
    '[Service] # main',
    '[Service]x',
    '[Service',
    '[Service] ; a]',
  ]
  const texts = headings.map((heading) => `${heading}\nExecStart=/bin/true\nRestart=no\n`)
  const reads = (text: string): boolean => {
    const reading = codecOf('ini', 'systemd').read(text)
    return reading.ok && reading.value.get('Service.Restart') === 'no'
  }
  expect(texts.map(reads)).toEqual([true, true, false, false, false, false, false])
  expect(codecOf('ini', 'configparser').read(texts[2] ?? '').ok, 'which others read').toBe(true)
  if (!(await isThere('systemd-analyze'))) return context.skip()
  const said = await saidBySystemd(texts)
  const theirs = texts.map(
    (_, at) => !new RegExp(`till-unit-${at}\\.service:\\d+: (Invalid section header|Unknown section)`).test(said),
  )
  expect(theirs).toEqual(texts.map(reads))
})
