import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Device, Fleet } from '../../../src/core/fleet.ts'
import type { JsonValue } from '../../../src/core/json.ts'
import { VAULT } from '../../../src/lang/foreign/ansible-model.ts'
import { expandHosts } from '../../../src/lang/foreign/ansible-ranges.ts'
import { ansibleIni, ansibleYaml } from '../../../src/lang/foreign/export-ansible.ts'
import { parsePythonLiteral, pythonLiteral } from '../../../src/lang/foreign/python-literal.ts'
import { readAnsibleInventory } from '../../../src/lang/foreign/read-ansible.ts'
import { ansibleHosts, hasAnsible } from '../../peers/ansible.ts'

const INI = `# a comment
lonely.example ansible_host=10.0.0.9
[tills]
pl-[0001:0003]-pos1 ansible_host=10.1.0.1 port_of_app=8443
pl-0002-pos[a:c:2]:2222 name="two words" list="['a', 1, True]" quoted='x#y' # behind it
[tills:vars]
ansible_user=till
color = blue # not a part of it
price=1.50
flag=True
nothing=None
text="in quotes"
[routers]
pl-0001-router1
[shops:children]
tills
routers
[shops:vars]
color=red
level=shops
[all:vars]
level=all
everywhere=yes
`

const YAML = `---
all:
  vars: {level: all, active: yes, octal: 0644}
  children:
    shops:
      vars: {level: shops, color: red}
      children:
        tills:
          vars: {color: blue}
          hosts:
            pl-[0001:0002]-pos1: {ansible_host: 10.0.0.1, nested: {a: [1, two]}}
            "pl-0003-pos1":
    routers:
      hosts: {pl-0001-router1: {ansible_connection: network_cli}}
`

const FOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ini: { hosts: INI },
  yaml: { 'hosts.yml': YAML },
  'signs of comments and backslashes on the lines of hosts': {
    hosts: String.raw`[tills]
pos1 aisle=Aisle#4 lost=1
pos2 dollar="\$x" tick="a\`b" quote="a\"b" back="a\\b" plain=a\#b single='a\$b' hash='x#y' more=1#2
pos3#4 lost=1
`,
  },
  'ports of hosts in YAML': {
    'hosts.yml':
      'tills:\n  hosts:\n    pos1:2222:\n    pos[2:3]:2200: {a: 1}\n    "[fd00::1]:2222": {a: 2}\n    fd00::2:\n    pos4:22: {ansible_port: 23}\n',
  },
  'ports of hosts in INI': { hosts: '[tills]\npos1:2222\n[fd00::1]:2222 a=2\nfd00::2\npos4:22 ansible_port=23\n' },
  'a folder with group_vars and host_vars': {
    'inv/hosts': INI,
    'inv/old.ini': 'nobody\n',
    'inv/more.yaml': 'routers: {hosts: {pl-0009-router1: }}\n',
    'inv/group_vars/all.yml': 'level: file of all\nsite: hq\n',
    'inv/group_vars/tills/a.yml': 'color: from a folder\n',
    'inv/group_vars/tills/b.yml': 'more: {deep: true}\n',
    'inv/group_vars/shops': 'site: shops\nlevel: file of shops\n',
    'inv/host_vars/pl-0001-pos1.yml': 'site: here\nport_of_app: 1\n',
  },
  'what is switched off by its ending, folders between files, and hosts without a group': {
    'inv/hosts': '[PL]\npos1\n[DE]\npos2\n',
    'inv/b/more': '[PL]\npos1 from=b\n',
    'inv/b-x': '[PL]\npos1 from=b-x\n',
    'inv/c.yml': 'all:\n  hosts:\n    direct:\n',
    'inv/vars_plugins/own': '[PL]\nnobody\n',
    'inv/group_vars/all/main.yml': 'a: main\n',
    'inv/group_vars/all/old.yml.disabled': 'a: old\n',
    'inv/group_vars/all/made.yml.j2': 'a: made\n',
    'inv/group_vars/all/.hidden.yml': 'a: hidden\n',
    'inv/group_vars/all/kept.d/one.yml': 'a: of a folder with an ending\n',
    'inv/group_vars/PL/m.yml': 'b: m.yml\n',
    'inv/group_vars/PL/m/x.yml': 'b: m/x.yml\n',
    'inv/group_vars/ungrouped.yml': 'c: alone\n',
  },
}

function withFolder<T>(files: Readonly<Record<string, string>>, work: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'till-ansible-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const [first = ''] = Object.keys(files)
    return work(first.startsWith('inv/') ? join(folder, 'inv') : join(folder, first))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.skipIf(!hasAnsible())('an inventory is read as Ansible itself reads it', () => {
  test.each(Object.entries(FOLDERS))('%s', (_, files) => {
    withFolder(files, (path) => {
      const { inventory, diagnostics } = readAnsibleInventory(path)
      expect(diagnostics).toEqual([])
      const theirs = ansibleHosts(path)
      expect([...inventory.hosts.keys()].sort()).toEqual(Object.keys(theirs).sort())
      for (const [host, vars] of Object.entries(theirs)) expect([host, inventory.varsOf(host)]).toEqual([host, vars])
    })
  })
})

test.skipIf(!hasAnsible())('of several files of one name the first is read, and the others are named', () => {
  const files = {
    'inv/hosts': '[PL]\npos1\n',
    'inv/group_vars/PL/main.yml': 'a: the folder\n',
    'inv/group_vars/PL.yml': 'a: the file\nb: 1\n',
    'inv/host_vars/pos1.yaml': 'c: yaml\n',
    'inv/host_vars/pos1.yml': 'c: yml\n',
  }
  withFolder(files, (path) => {
    const { inventory, diagnostics } = readAnsibleInventory(path)
    expect(inventory.varsOf('pos1')).toEqual({ a: 'the folder', c: 'yml' })
    expect(inventory.varsOf('pos1')).toEqual(ansibleHosts(path)['pos1'])
    expect(diagnostics.map(({ summary, source }) => [summary, source?.file.slice(path.length + 1)])).toEqual([
      ['Not carried over: Ansible does not read it, beside PL', 'group_vars/PL.yml'],
      ['Not carried over: Ansible does not read it, beside pos1.yml', 'host_vars/pos1.yaml'],
    ])
  })
})

const AWKWARD = [
  ...[
    '-5',
    '.5',
    '- 5',
    '-.5e3',
    '{}',
    '{1: 2}',
    'True, False',
    'None,',
    '-1, -2',
    'True # x',
    'a # b',
    'a#b',
    '"$x"',
    '$x',
  ],
  ...[
    "it's",
    'C:\\kasa',
    '0412',
    '1e3',
    '',
    ' a ',
    '=',

    'a\tb',
    'two\nlines',
    'y',
    '1:30',
    '2024-01-02',
    '1_000',
    '-',
    '@x',
  ],
]

describe.skipIf(!hasAnsible())('what we write for Ansible is read by it as it was', () => {
  test.each([
    ['hosts.ini', ansibleIni],
    ['hosts.yml', ansibleYaml],
  ])('%s', (name, written) => {
    const vars = Object.fromEntries(AWKWARD.map((text, index) => [`v${index}`, text]))
    const transport = { type: 'ssh' as const }
    const device = {
      name: 'PL-1/pos1',
      id: 'pos1',
      store: 'PL-1',
      region: 'pl',
      address: '',
      profile: 'p',
      kind: 'till',
      tags: [],
      vars,
      os: { family: 'linux' },
      transport,
    }
    const fleet = { stores: new Map(), devices: new Map() }
    withFolder({ [name]: written([device as unknown as Device], fleet as unknown as Fleet) }, (path) => {
      expect(ansibleHosts(path)['PL-1_pos1']).toMatchObject(vars)
    })
  })
})

test.each([
  ['web[01:03]', ['web01', 'web02', 'web03']],
  ['web[9:11]x', ['web9x', 'web10x', 'web11x']],
  ['[a:c][1:2]', ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']],
  ['n[0:10:5]', ['n0', 'n5', 'n10']],
  ['plain', ['plain']],
  ['web[3:1]', undefined],
  ['web[01:100]', undefined],
  ['web[a:3]', undefined],
  ['web[1:999999999]', undefined],
])('the range %s', (pattern, hosts) => {
  expect(expandHosts(pattern)).toEqual(hosts)
})

test('a literal of Python that we write is one that we read', () => {
  const json = fc.jsonValue({ depthSize: 'small' }) as fc.Arbitrary<JsonValue>
  fc.assert(
    fc.property(json, (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as JsonValue
      // Whole numbers that a double does not hold exactly stay text.
      if (!/\\u|\\b|\\f|__proto__|e[-+]?\d|\d{16}/.test(JSON.stringify(plain)))
        expect(parsePythonLiteral(pythonLiteral(plain))).toEqual(plain)
    }),
  )
})

test('text that is no literal stays text', () => {
  for (const text of ['yes', '10.0.0.1', 'a b', '[1, 2', "{'a': }", '0644', '1.2.3', '', 'None of it']) {
    expect(parsePythonLiteral(text)).toBe(text)
  }
})

describe('what is wrong is said, with its line', () => {
  test.each([
    [
      { hosts: '[a]\nweb[3:1]\nx y z\n' },
      [
        '2 It cannot be read: the range of "web[3:1]" cannot be',
        '3 It cannot be read: word 2 of the line is not NAME=VALUE; a value with blanks stands in quotes',
        '3 It cannot be read: word 3 of the line is not NAME=VALUE; a value with blanks stands in quotes',
      ],
    ],
    [{ hosts: '[a:chldren]\n' }, ['1 It cannot be read: "chldren" is no kind of section: there are children and vars']],
    [{ 'hosts.yml': 'all:\n  hosts: [\n' }, [expect.stringMatching(/^[23] It cannot be read: /)]],
    [{ 'play.yml': '- hosts: all\n' }, ['1 It cannot be read: an inventory is a map of groups']],
    // Ansible reads none of these four, and says so; in silence they had no hosts here.
    [
      { 'hosts.yml': 'all:\n  hosts:\n    - a\n    - b\n' },
      ['3 It cannot be read: the hosts of "all" are no map: in place of "- NAME" write "NAME:"'],
    ],
    [
      { 'hosts.yml': 'all:\n  children:\n    - shops\n' },
      ['3 It cannot be read: the children of "all" are no map: in place of "- NAME" write "NAME:"'],
    ],
    [
      { 'hosts.yml': 'all:\n  hosts:\n    a: 10.0.0.1\n  vars: x\n' },
      ['3 It cannot be read: the variables of "a" are no map', '4 It cannot be read: the vars of "all" are no map'],
    ],
    [
      { 'aws_ec2.yml': 'plugin: amazon.aws.aws_ec2\nregions: [eu-central-1]\n' },
      ['1 It cannot be read: it says where a plugin of Ansible asks for hosts'],
    ],
    [{ hosts: '#!/bin/sh\necho {}\n' }, ['1 It cannot be read: it is a program that makes an inventory']],
  ])('%j', (files, wanted) => {
    withFolder(files as Record<string, string>, (path) => {
      const { diagnostics } = readAnsibleInventory(path)
      expect(diagnostics.map(({ source, summary }) => `${source?.line} ${summary}`)).toEqual(wanted)
    })
  })

  test('variables of nobody, and a file that is encrypted as a whole', () => {
    const files = {
      'inv/hosts': 'a\n',
      'inv/host_vars/b.yml': 'x: 1\n',
      'inv/host_vars/a.yml': `${VAULT}1.1;AES256\n3132\n`,
    }
    withFolder(files, (path) => {
      const { inventory, diagnostics } = readAnsibleInventory(path)
      expect(diagnostics.map(({ summary }) => summary)).toEqual([
        'Not carried over: the whole file is encrypted by ansible-vault',
        'Not carried over: its values belong to "b", which the inventory does not have',
      ])
      expect(inventory.varsOf('a')).toEqual({})
    })
  })
})

test('of keys that stand twice the last one counts, as Ansible warns', ({ skip }) => {
  if (!hasAnsible()) skip()
  const text = 'all:\n  hosts: {a: }\n  vars: {y: 1, y: 2}\n  hosts: {c: {x: 1}}\n'
  withFolder({ 'hosts.yml': text }, (path) => {
    const { inventory, diagnostics } = readAnsibleInventory(path)
    const { stdout } = spawnSync('ansible-inventory', ['-i', path, '--list'], { encoding: 'utf8' })
    expect({ c: inventory.varsOf('c') }).toEqual(JSON.parse(stdout)._meta.hostvars)
    expect([...inventory.hosts.keys()]).toEqual(['c'])
    const again = 'it comes again in the same map, and Ansible takes the last one'
    expect(diagnostics.map(({ severity, summary, source }) => [severity, source?.line, summary])).toEqual([
      ['warning', 2, `Not carried over: what stands under this "hosts": ${again}`],
      ['warning', 3, `Not carried over: what stands under this "y": ${again}`],
    ])
  })
})

test('what a dynamic inventory prints is read without _meta, too', () => {
  const text =
    '{"shops": {"hosts": ["a", "b"], "vars": {"x": 1}}, "lone": ["c"], "top": {"children": ["shops"]}, "d": {"ansible_host": "10.0.0.4"}, "ungrouped": {}}'
  withFolder({ 'hosts.json': text }, (path) => {
    const { inventory, diagnostics } = readAnsibleInventory(path)
    expect(diagnostics).toEqual([])
    expect(inventory.groupsOf('a')).toEqual(expect.arrayContaining(['top', 'shops']))
    expect(['a', 'c'].map((host) => inventory.varsOf(host))).toEqual([{ x: 1 }, {}])
    // A host by itself with its variables (ansible/ansible#2871).
    expect(inventory.varsOf('d')).toEqual({ ansible_host: '10.0.0.4' })
    expect([...inventory.hosts.keys()].sort()).toEqual(['a', 'b', 'c', 'd'])
  })
})

test('the answer of ansible-inventory --list is an inventory, too', ({ skip }) => {
  if (!hasAnsible()) skip()
  withFolder({ hosts: INI }, (path) => {
    const { stdout } = spawnSync('ansible-inventory', ['-i', path, '--list'], { encoding: 'utf8' })
    writeFileSync(`${path}.json`, stdout)
    const { inventory, diagnostics } = readAnsibleInventory(`${path}.json`)
    expect(diagnostics).toEqual([])
    for (const [host, vars] of Object.entries(ansibleHosts(path))) expect(inventory.varsOf(host)).toEqual(vars)
  })
})
