import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ansibleWay } from '../../../src/lang/foreign/ansible-transport.ts'
import { parseAnsibleYaml } from '../../../src/lang/foreign/ansible-yaml.ts'
import { parsePythonLiteral } from '../../../src/lang/foreign/python-literal.ts'
import { readAnsibleInventory } from '../../../src/lang/foreign/read-ansible.ts'
import { formatDiagnostics } from '../../../src/lang/format-diagnostics.ts'
import { fileSecrets } from '../../../src/secrets/file.ts'

// What Python 3 (ast.literal_eval) and PyYAML make of the same texts.
test.each([
  ['2222 # new', 2222],
  ['0x1F', 31],
  ['0o17', 15],
  ['0b11', 3],
  ['1_000', 1000],
  ['-5', -5],
  ['- 5', -5],
  ['1e3', 1000],
  ['.5', 0.5],
  ['007', '007'],
  ['"a # b"  # c', 'a # b'],
  ['plain # text', 'plain # text'],
  ['[1, 2] # c', [1, 2]],
  ['yes', 'yes'],
  ['0000', 0],
  ['0412', '0412'],
  ['1,50', [1, 50]],
  ['1, # one', [1]],
  ['1,,2', '1,,2'],
  ['10.0.0.1,10.0.0.2', '10.0.0.1,10.0.0.2'],
  ['a,b', 'a,b'],
  ['(1)', 1],
  ['(1,)', [1]],
  ['("a,")', 'a,'],
  ['()', []],
  ['"a" \'b\'', 'ab'],
  [String.raw`"\u017c\x41\101\U0001f9fe\q"`, 'żAA🧾\\q'],
  [String.raw`"C:\Users\kasa"`, String.raw`"C:\Users\kasa"`],
  [String.raw`"\x4"`, String.raw`"\x4"`],
  [String.raw`r'C:\Users' u"\x41"`, String.raw`C:\UsersA`],
  ['r"a\\"b" ', 'a\\"b'],
  // Digits are kept; Python has numbers of any length.
  ['12345678901234567890', '12345678901234567890'],
  ['9007199254740991', 9_007_199_254_740_991],
  ['1e21', 1e21],
  ['constructor', 'constructor'],
  ['None', null],
])('the literal %s', (text, value) => expect(parsePythonLiteral(text)).toEqual(value))

test.each([
  ['y', 'y'],
  ['N', 'N'],
  ['yes', true],
  ['1e3', '1e3'],
  ['1.0e+3', 1000],
  ['017', 15],
  ['08', '08'],
  ['1:30', 90],
  ['2024-01-02', '2024-01-02'],
  ['0x1F', 31],
  ['.inf', '.inf'],
  ['~', null],
])('the word %s of YAML', (text, value) => expect(parseAnsibleYaml(`a: ${text}\n`).value).toEqual({ a: value }))

test('WinRM without a port is 5986 over https, and http on 5985 alone', () => {
  const way = (vars: Record<string, string | number>) =>
    ansibleWay(
      { ansible_connection: 'winrm', ...vars },
      () => 'X',
      () => undefined,
    ).transport
  expect(way({})).toEqual({ type: 'winrm', port: 5986, https: true })
  expect(way({ ansible_port: 5985 })).toEqual({ type: 'winrm', port: 5985, https: false })
  expect(way({ ansible_port: 443 })).toEqual({ type: 'winrm', port: 443, https: true })
  expect(way({ ansible_winrm_scheme: 'http' })).toEqual({ type: 'winrm', port: 5986, https: false })
})

// `ansible pos1 -m raw -a true` of ansible-core 2.14.18 starts ssh with -o Port=2 -o User="b" and h2 for the first of these.
test.each([
  ['ssh', 'ansible_ssh', { host: 'h2', user: 'b', port: 2 }],
  ['winrm', 'ansible_winrm', { host: 'h2', user: 'b', port: 2 }],
  ['psrp', 'ansible_psrp', { host: 'h2', user: 'b', port: 2 }],
  ['winrm', 'ansible_ssh', { host: 'h1', user: 'a', port: 1 }],
])(
  'of two variables for one thing that of the connection %s counts: %s_*',
  (connection, kind, { host, user, port }) => {
    const vars = { ansible_host: 'h1', ansible_user: 'a', ansible_port: 1, ansible_password: 'general' }
    const own = { [`${kind}_host`]: 'h2', [`${kind}_user`]: 'b', [`${kind}_port`]: 2, [`${kind}_pass`]: 'own' }
    const lost: string[] = []
    const way = ansibleWay(
      { ansible_connection: connection, ...vars, ...own },
      (value) => value,
      (what) => void lost.push(what),
    )
    expect(way.address).toBe(host)
    expect(way.transport).toMatchObject({ user, port })
    const counts =
      host === 'h2'
        ? [`ansible_host, which says something else than ${kind}_host`]
        : [`${kind}_host, which says something else than ansible_host`]
    expect(lost).toEqual(expect.arrayContaining(counts))
  },
)

test('what is wrong with a foreign file is said without a line of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-foreign-'))
  try {
    const files = {
      'hosts.ini': '[a]\nweb ansible_password=top secret-1 x\n[a:vars]\nsecret-2\n',
      'hosts.yml': 'all:\n  vars:\n    p: *secret-3\n    q: @secret-4\n',
      alias: '---\nall:\n  vars:\n    p: *secret-5\n',
    }
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text)
      const { diagnostics } = readAnsibleInventory(join(folder, name))
      expect(diagnostics.length).toBeGreaterThan(0)
      expect(formatDiagnostics(diagnostics, { color: false, textOf: () => text })).not.toMatch(/secret/)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a secret file is text, and its byte order mark is no part of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-secret-'))
  const read = async (bytes: Uint8Array) => {
    writeFileSync(join(folder, 's'), bytes)
    const secret = await fileSecrets.read(join(folder, 's'))
    return secret.ok ? secret.value.reveal() : secret.failure.code
  }
  try {
    expect(await read(Buffer.from('\ufeffpässword\r\n'))).toBe('pässword')
    expect(await read(Buffer.from('\ufeffpässword\n', 'utf16le'))).toBe('pässword')
    expect(await read(Buffer.from([0x70, 0xe4]))).toBe('SECRET_UNREADABLE')
    expect(await read(Buffer.from('p\0w'))).toBe('SECRET_UNREADABLE')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
