import { afterAll, expect, it } from 'vitest'
import { TestProject } from './project.ts'

const project = new TestProject({ 'tillwright.yaml': '' })
afterAll(() => project.remove())

it.each<[string, readonly string[], readonly string[]]>([
  ['no number', ['runs', 'list', '--limit', 'abc'], ['error --limit takes a whole number, not "abc"']],
  [
    'a number that is too small',
    ['plan', 'x', '--limit', '0'],
    ['error --limit takes a whole number of 1 or more, not "0"'],
  ],
  [
    'a number that is too large',
    ['plan', 'x', '-p', '10001'],
    ['error --parallel takes a whole number of 10000 or less, not "10001"'],
  ],
  ['a length of time', ['drift', '--since', '7'], ['error --since: ', '"7"', '7d']],
  [
    'a word of none',
    ['plan', 'x', '--fail-on', 'faild'],
    ['error --fail-on takes no "faild"', 'It is one of drifted, ', 'did you mean "failed"?'],
  ],
  [
    'a word of none for an argument',
    ['completion', 'bsh'],
    ['error "bsh" is not taken here', 'It is one of bash, zsh, fish.', 'did you mean "bash"?'],
  ],
  [
    'a sandbox where only the repository is looked at',
    ['inventory', 'list', '--sandbox'],
    ['error There is no flag --sandbox here', 'a sandbox has the devices of this inventory', 'leave it out'],
  ],
  [
    'a flag that is missing',
    ['hold', 'PL-0001'],
    ['error --because is missing', 'Write --because ', 'error --until is missing', '2 errors.'],
  ],
  [
    'an argument that is missing',
    ['why'],
    ['error DEVICE is missing', 'Write till why DEVICE: its full name: PL-0412/pos1'],
  ],
  ['one of two', ['inventory', 'import', 'csv'], ['error PATH is missing', 'Write till inventory import FROM PATH: ']],
  [
    'a second runbook',
    ['plan', 'a', 'b'],
    ['error "b": that is an argument too many', 'till plan takes RUNBOOK, and nothing more.'],
  ],
  [
    'a device without its flag',
    ['status', 'PL-0001/pos1'],
    ['error "PL-0001/pos1": that is an argument too many', 'till status --device PL-0001/pos1'],
  ],
  ['a store without its flag', ['status', 'PL-0001'], ['till status --store PL-0001']],
  ['an argument of none', ['sandbox', 'down', 'now'], ['till sandbox down takes none.']],
  [
    'flags that exclude each other',
    ['why', 'PL-0001/pos1', '--repair', '--runbook', 'x'],
    ['error --runbook and --repair do not go together', '\n1 error.'],
  ],
  ['a flag that needs another', ['plan', 'x', '--sign', 'key'], ['error --sign goes with --output only']],
  ['one of two flags', ['audit', 'anchor'], ['error One of --file, --note is needed, and one only']],
  ['a flag twice', ['plan', 'x', '-o', 'a', '-o', 'b'], ['error --output is taken once; it is there twice']],
  [
    'a flag without its value',
    ['plan', 'x', '--store'],
    ['error --store takes a value, and there is none', 'Write --store '],
  ],
  [
    'a flag with one of several',
    ['plan', 'x', '--kind'],
    ['error --kind takes a value, and there is none', 'Write --kind till|'],
  ],
  [
    'a flag that there is not',
    ['runs', 'show', 'latest', '--faild'],
    ['error There is no flag --faild here', 'See till runs show --help.', 'did you mean --failed?'],
  ],
  [
    'a workbook on the terminal',
    ['report', 'availability', '--xlsx'],
    ['error A workbook is written to a file', '--output'],
  ],
  [
    'an outage of nowhere',
    ['outages', 'add', '--until', '18:00', '--because', 'x'],
    ['error Where the outage is, is not said', '--region'],
  ],
])('what is wrong with a command line is told as any other error: %s', async (_, words, wanted) => {
  const { code, stdout, stderr } = await project.till(...words)
  expect([code, stdout]).toEqual([2, ''])
  for (const text of [...wanted, 'USAGE_INVALID']) expect(stderr).toContain(text)
  expect(stderr).not.toMatch(/Parsing|See more help|Note:|occurred|^Missing|^Expected/m)
})

it.each<[readonly string[], readonly string[]]>([
  [
    ['pln', 'clear'],
    ['There is no command "pln clear"', 'did you mean "plan clear"?'],
  ],
  [['runs', 'shw', 'latest'], ['did you mean "runs show latest"?']],
  [['show', 'runs'], ['did you mean "runs show"?']],
  [['assignments', 'suspnd', 'x'], ['did you mean "assignments suspend x"?']],
  [['list'], ['There are ', 'runs list', 'incidents list']],
  [['nonsense'], ['There are abort, ', 'till help']],
  [
    ['assignments', 'list'],
    ['"list": that is an argument too many', 'till assignments takes none.'],
  ],
  [
    ['validate', 'runbooks/a.yaml'],
    ['till validate takes none. It is about the whole repository', '--project FOLDER'],
  ],
  [
    ['--project', '.', 'status'],
    ['"--project" stands where the command is expected', 'behind the command'],
  ],
])('%j: a command that there is not is answered with what was meant', async (words, wanted) => {
  const { code, stdout, stderr } = await project.till(...words)
  expect([code, stdout]).toEqual([2, ''])
  for (const text of wanted) expect(stderr).toContain(text)
})

it('-h asks for help as --help does', async () => {
  const [short, long] = await Promise.all([project.till('status', '-h'), project.till('status', '--help')])
  expect(short).toEqual(long)
  expect(long).toMatchObject({ code: 0, stdout: expect.stringContaining('USAGE') })
})
