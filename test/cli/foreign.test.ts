import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/lang/foreign/csv.ts'
import { ansibleHosts, ansibleList, hasAnsible } from '../peers/ansible.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const HOSTS = `[tills]
pl-0001-pos[1:2] ansible_user=till app_version=7 ansible_ssh_common_args='-o ProxyJump=admin@10.0.1.1'
pl-0002-pos1 ansible_host=10.0.2.11 app_version=8
[tills:vars]
ansible_become=true
ansible_become_password=hunter2-plain
db_password=hunter2-plain
greeting="{{ inventory_hostname }}"
[windows]
pl-0002-back1 ansible_connection=winrm ansible_port=5986 ansible_password=hunter2-other ansible_winrm_server_cert_validation=ignore
[routers]
pl-0001-router1 ansible_host=10.0.1.1 ansible_user=admin ansible_ssh_private_key_file=~/.ssh/routers
[odd]
printer ansible_connection=network_cli
[all:vars]
site=PL
`

let project: TestProject
beforeAll(() => {
  project = new TestProject({ 'tillwright.yaml': '', 'hosts.ini': HOSTS })
})
afterAll(() => project.remove())

const devicesOf = async (...args: string[]): Promise<Readonly<Record<string, Record<string, unknown>>>> => {
  const { stdout } = await project.till('inventory', 'list', '--json', ...args)
  const { devices } = JSON.parse(stdout) as { devices: { name: string }[] }
  return Object.fromEntries(devices.map((device) => [device.name, device]))
}

describe('till inventory import ansible', () => {
  it('writes an inventory that is valid, and says what was not carried over', async () => {
    const { code, stdout, stderr } = await project.till(
      ...'inventory import ansible hosts.ini --kind routers=router'.split(' '),
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: '6 devices in 3 stores written to inventory/imported.yaml\n' })
    for (const lost of [
      '"db_password", which looks like a secret',
      '"greeting", computed by Ansible while it runs',
      'a password of sudo that stands in the inventory',
      'ansible_winrm_server_cert_validation: ignore',
      'ansible_connection: network_cli',
      'in which store a device stands (printer)',
    ]) {
      expect(stderr).toContain(`Not carried over: ${lost}`)
    }
    expect(stderr).toContain('INV_IMPORT_PARTIAL')
    expect(await project.till('validate')).toMatchObject({ code: 0, stderr: '' })
  })

  it('carries over how devices are reached, and their values', async () => {
    const devices = await devicesOf()
    expect(devices['pl-0001/pos1']).toMatchObject({
      kind: 'till',
      address: 'pl-0001-pos1',
      tags: ['tills'],
      vars: { app_version: 7, site: 'PL' },
      transport: {
        type: 'ssh',
        user: 'till',
        via: 'router1',
        become: { method: 'sudo', password: { secret: 'env:TILL_PASSWORD' } },
      },
    })
    expect(devices['pl-0001/router1']).toMatchObject({ kind: 'router', transport: { keys: ['~/.ssh/routers'] } })
    expect(devices['pl-0002/back1']).toMatchObject({
      os: { family: 'windows' },
      transport: { type: 'winrm', port: 5986, password: { secret: 'env:TILL_PASSWORD_2' } },
    })
    expect(devices['unknown/printer']).toMatchObject({ transport: { type: 'none' } })
  })

  it('copies no secret', () => {
    expect(project.read('inventory/imported.yaml')).not.toContain('hunter2')
  })

  it('overwrites nothing without --force', async () => {
    const before = project.read('inventory/imported.yaml')
    const refused = await project.till('inventory', 'import', 'ansible', 'hosts.ini')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('FILE_UNWRITABLE') })
    expect(project.read('inventory/imported.yaml')).toBe(before)
    const forced = await project.till(
      ...'inventory import ansible hosts.ini --force --kind routers=router --json'.split(' '),
    )
    expect(errorsOf('inventory-imported', JSON.parse(forced.stdout))).toEqual([])
    expect(project.read('inventory/imported.yaml')).toBe(before)
  })

  it('writes nothing that would not be valid, or that cannot be read', async () => {
    project.write('bad.ini', '[x]\nweb[3:1]\n')
    expect(await project.till('inventory', 'import', 'ansible', 'bad.ini', '--region', 'bad')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/bad\.ini:2:1[\s\S]*INV_IMPORT_INVALID/),
    })
    project.write('twice.ini', 'pl-0001-pos1 ansible_host=10.9.9.9\n')
    const twice = await project.till('inventory', 'import', 'ansible', 'twice.ini', '--region', 'other')
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('INV_STORE_DUPLICATE') })
    const same = await project.till(
      ...'inventory import ansible hosts.ini --region x --store-by group:^(tills)$'.split(' '),
    )
    expect(same.code).toBe(2)
    expect(await project.till('validate')).toMatchObject({ code: 0 })
  })

  it.each([
    [['--store-by', 'nonsense'], 'is not understood'],
    [['--store-by', 'name:('], 'is not a regular expression'],
    [['--kind', 'routers=toaster'], 'is no kind of device'],
    [['--kind', 'routers'], 'is not GROUP=KIND'],
  ])('%j is told', async (args, says) => {
    const { code, stderr } = await project.till('inventory', 'import', 'ansible', 'hosts.ini', '--region', 'z', ...args)
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
  })
})

describe('till inventory import csv', () => {
  const head = 'Filiale;Host;IP;Serial;Remark'
  it('takes the columns that are named, and says which were not', async () => {
    project.write('tills.csv', `\ufeff${head}\r\nPL-0101;pos1;10.1.1.1;"A;1";x\r\nPL-0101;pos2;10.1.1.2;;\r\n`)
    const map = ['store=Filiale', 'device=Host', 'address=IP', 'vars.serial=Serial'].flatMap((one) => ['--map', one])
    const { code, stderr } = await project.till('inventory', 'import', 'csv', 'tills.csv', '--region', 'csv', ...map)
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('the columns Remark') })
    const devices = await devicesOf('--region', 'csv')
    expect(devices['PL-0101/pos1']).toMatchObject({ address: '10.1.1.1', vars: { serial: 'A;1' } })
    expect(await project.till('validate')).toMatchObject({ code: 0 })
  })

  it.each([
    ['a column that is not there', `${head}\n`, ['--map', 'store=Shop'], 'no column "Shop" for store'],
    ['a field that there is not', `${head}\n`, ['--map', 'shop=Filiale'], '"shop" of --map is no field'],
    ['a quote that is never closed', 'store,device\n"a,b\n', [], 'INV_IMPORT_INVALID'],
    ['a row without a store', 'store,device\n,pos1\n', [], 'broken.csv:2:1'],
    ['a kind that there is not', 'store,device,kind\nA,pos1,toaster\n', [], '"toaster" is no kind of device (till, '],
    ['a kind with a slip', 'store,device,kind\nA,pos1,til\n', [], 'no kind of device (did you mean "till"?)'],
    ['a device twice', 'store,device\nA,pos1\nA,pos1\n', [], 'INV_DEVICE_DUPLICATE'],
    ['nothing', '', [], 'INV_IMPORT_INVALID'],
  ])('tells %s', async (_, text, args, says) => {
    project.write('broken.csv', text)
    const { code, stderr } = await project.till('inventory', 'import', 'csv', 'broken.csv', '--region', 'b', ...args)
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
  })
})

it('a folder in place of a file is told in words', async () => {
  const { code, stderr } = await project.till('inventory', 'import', 'csv', '.', '--region', 'b')
  expect([code, stderr]).toEqual([2, expect.stringContaining('it is a folder, and a file is wanted')])
})

describe('the inventory that is there', () => {
  const STORES = 'store,device,address\nPL-1,pos1,10.0.0.1\n'
  const WARSAW = 'name: Chain\n  time_zone: Europe/Warsaw\n'
  it.each([
    ['with a comment', 'inventory/fleet.yaml', `fleet:  # all stores\n  ${WARSAW}`],
    ['with ends of lines of Windows', 'inventory/fleet.yaml', `fleet:\n  ${WARSAW}`.replaceAll('\n', '\r\n')],
    ['as JSON', 'inventory/fleet.yaml', '{"fleet":\n{"time_zone": "Europe/Warsaw"}}'],
    ['as a flow over two lines', 'inventory/fleet.yaml', 'fleet: {name: Chain,\n  time_zone: Europe/Warsaw}\n'],
    ['in a folder below', 'inventory/common/fleet.yaml', `fleet:\n  ${WARSAW}`],
  ])('gives imported stores the time zone of the fleet: %s', async (_, name, text) => {
    const own = new TestProject({ 'tillwright.yaml': '', 'tills.csv': STORES, [name]: text })
    const { code, stderr } = await own.till('inventory', 'import', 'csv', 'tills.csv')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(own.read('inventory/imported.yaml')).not.toContain('time_zone')
    await own.remove()
  })

  it('is looked at as a whole, folders below too; without a time zone that of the machine is told', async () => {
    const own = new TestProject({ 'tillwright.yaml': '', 'tills.csv': STORES })
    const { code, stderr } = await own.till('inventory', 'import', 'csv', 'tills.csv', '--region', 'a')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('That of this machine was written') })
    own.write('inventory/below/a.yaml', own.read('inventory/a.yaml'))
    own.write('inventory/a.yaml', '')
    const twice = await own.till('inventory', 'import', 'csv', 'tills.csv', '--region', 'b')
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('INV_STORE_DUPLICATE')])
    await own.remove()
  })
})

describe('a list that is not right', () => {
  it.each([
    ['in Windows-1250', Buffer.from('store,device,store_name\nA,pos1,Pozna\xf1\n', 'latin1'), 'broken.csv:2:13'],
    ['in UTF-16', Buffer.from('\ufeffstore,device\nA,pos1\n', 'utf16le'), 'It looks like UTF-16'],
    ['with an address that is none', 'store,device,address\nA,pos1,10.1.1.1\nA,pos2,10.4.12.1111\n', 'broken.csv:3:1'],
    ['with a transport that is none', 'store,device,transport\nA,pos1,ssh\n"7",pos2,shh\n', 'broken.csv:3:1'],
    ['with a column twice', 'store,device,device\nA,pos1,pos2\n', 'two columns "device"'],
  ])('%s: is told where it stands in the list', async (_, text, says) => {
    const own = new TestProject({ 'tillwright.yaml': '' })
    writeFileSync(own.path('broken.csv'), text)
    const { code, stderr } = await own.till('inventory', 'import', 'csv', 'broken.csv')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) })
    expect(existsSync(own.path('inventory'))).toBe(false)
    await own.remove()
  })

  it('what rows say differently of a store is told, and no column reaches into what all maps have', async () => {
    const own = new TestProject({ 'tillwright.yaml': '' })
    const head = 'store,device,address,time_zone,vars.__proto__.polluted'
    own.write('tills.csv', `${head}\nA,pos1,10.0.0.1,Europe/Warsaw,x\nA,pos2,10.0.0.2,Europe/Lisbon,x\n`)
    const { code, stderr } = await own.till('inventory', 'import', 'csv', 'tills.csv')
    expect(code).toBe(0)
    expect(stderr).toContain('tills.csv:3:1\nwarning Not carried over: the time_zone of A, "Europe/Lisbon"')
    expect(stderr).toContain('the columns vars.__proto__.polluted')
    await own.remove()
  })
})

describe.skipIf(!hasAnsible())('till inventory export for Ansible', () => {
  it.each(['ansible', 'ansible-yaml'])('is what Ansible reads: %s', async (format) => {
    const { code, stdout } = await project.till('inventory', 'export', '--format', format)
    expect(code).toBe(0)
    const file = project.path(format === 'ansible' ? 'out-hosts' : 'out.yaml')
    writeFileSync(file, stdout)
    const hosts = ansibleHosts(file)
    const devices = await devicesOf()
    expect(Object.keys(hosts).length).toBe(Object.keys(devices).length)
    expect(hosts['pl-0001_pos1']).toMatchObject({
      ansible_host: 'pl-0001-pos1',
      ansible_user: 'till',
      ansible_become: true,
      ansible_become_password: `{{ lookup('env', "TILL_PASSWORD") }}`,
      ansible_ssh_common_args: '-o ProxyJump=admin@10.0.1.1',
      app_version: 7,
      till_device: 'pl-0001/pos1',
      till_os: { family: 'linux' },
    })
    expect(ansibleList(file)['region_imported']).toMatchObject({ children: expect.arrayContaining(['store_pl_0001']) })
  })

  it('comes back by import as it went', async () => {
    const { stdout } = await project.till('inventory', 'export', '--format', 'ansible-yaml', '--region', 'csv')
    const back = new TestProject({ 'tillwright.yaml': '', 'hosts.yaml': stdout })
    await back.till('inventory', 'import', 'ansible', 'hosts.yaml', '--store-by', 'var:till_store')
    const { devices } = JSON.parse((await back.till('inventory', 'list', '--json')).stdout)
    await back.remove()
    expect(devices).toMatchObject([
      { store: 'PL-0101', address: '10.1.1.1', vars: { serial: 'A;1' } },
      { store: 'PL-0101', address: '10.1.1.2' },
    ])
  })
})

describe('till inventory export', () => {
  it('as CSV can be imported again', async () => {
    const { stdout } = await project.till('inventory', 'export', '--format', 'csv')
    const rows = parseCsv(stdout) ?? []
    expect(new Set(rows.map(({ cells }) => cells.length)).size).toBe(1)
    const back = new TestProject({ 'tillwright.yaml': '', 'devices.csv': stdout })
    expect(await back.till('inventory', 'import', 'csv', 'devices.csv')).toMatchObject({ code: 0 })
    await back.remove()
  })

  it('as JSON is the list', async () => {
    const [list, exported] = [
      await project.till('inventory', 'list', '--json'),
      await project.till('inventory', 'export'),
    ]
    expect(JSON.parse(exported.stdout)).toEqual(JSON.parse(list.stdout))
  })
})

describe('till inventory graph', () => {
  it('shows what is reached through what', async () => {
    const { stdout } = await project.till('inventory', 'graph', '--store', 'pl-0001')
    expect(stdout).toBe(
      [
        'imported',
        '└─ pl-0001  other',
        '   └─ router1  router, 10.0.1.1',
        '      ├─ pos1  till, pl-0001-pos1 (through it)',
        '      └─ pos2  till, pl-0001-pos2 (through it)',
        '',
      ].join('\n'),
    )
  })

  it('is JSON, Graphviz and Mermaid with every device', async () => {
    const { stdout } = await project.till('inventory', 'graph', '--json')
    expect(errorsOf('inventory-graph', JSON.parse(stdout))).toEqual([])
    for (const format of ['dot', 'mermaid']) {
      const picture = await project.till('inventory', 'graph', '--format', format)
      for (const device of Object.keys(await devicesOf())) expect(picture.stdout).toContain(`"${device}"`)
    }
  })
})

it('a group names the kind of its devices, a warning the line of its host, and a folder with only hosts.ini is told of', async () => {
  project = new TestProject({
    'tillwright.yaml': '',
    'old/hosts.ini': '# ours\n[tills]\npos-01 ansible_host=10.0.0.2\n\n[store_routers]\nr-01 ansible_host=10.0.0.1\n',
  })
  const { code, stderr } = await project.till('inventory', 'import', 'ansible', 'old/hosts.ini')
  expect(code).toBe(0)
  expect(project.read('inventory/imported.yaml').match(/kind: \S+/g)).toEqual(['kind: till', 'kind: router'])
  expect(stderr).toContain('old/hosts.ini:6:1\nwarning Not carried over: what kind of device it is: "router" was taken')
  expect(stderr).toContain('old/hosts.ini:3:1\nwarning Not carried over: in which store')
  const folder = await project.till('inventory', 'import', 'ansible', 'old', '--force')
  expect(folder.code).toBe(2)
  expect(folder.stderr).toContain('Ansible passes over files named *.ini and *.cfg in a folder: hosts.ini')
  expect(folder.stderr).toContain('Name the file itself: till inventory import ansible old/hosts.ini')
})

it('what became a till, but is named like something else, is told of', async () => {
  const own = new TestProject({
    'tillwright.yaml': '',
    'hosts.ini': '[tills]\npl-0001-pos1\n\n[printers]\npl-0001-p1\n\n[north]\npl-0001-label1\npl-0001-pos2\n',
  })
  const { code, stderr } = await own.till('inventory', 'import', 'ansible', 'hosts.ini')
  expect(code).toBe(0)
  expect(stderr).toContain('hosts.ini:5:1\nwarning Not carried over: what kind of device it is')
  expect(stderr).toContain('it became a till, and "printers" does not sound like one (pl-0001-p1)')
  expect(stderr).toContain('it became a till, and "label1" does not sound like one (pl-0001-label1)')
  expect(stderr).not.toContain('pos')
  const said = await own.till(
    'inventory',
    'import',
    'ansible',
    'hosts.ini',
    '--force',
    '--kind',
    'printers=label-printer',
  )
  expect(said.stderr).not.toContain('printers')
  await own.remove()
})

it('of several imports at once into one file, one is written and the others are told', async () => {
  const many = new TestProject({
    'tillwright.yaml': '',
    'hosts.csv': 'hostname\nsomething\n',
    'hosts.ini': '[tills]\na ansible_host=127.0.0.1\n',
  })
  const ends = await Promise.all(
    [1, 2, 3, 4].map(() => many.till('inventory', 'import', 'ansible', 'hosts.ini', '--kind', 'tills=till')),
  )
  expect(ends.map(({ code }) => code).sort()).toEqual([0, 2, 2, 2])
  for (const { code, stderr } of ends) if (code === 2) expect(stderr).toContain('is there already')
  expect((await many.till('validate')).code).toBe(0)
  await many.remove()
})

it('nothing that says how a host is reached is dropped without a word, and the word leads to its line', async () => {
  const own = new TestProject({
    'tillwright.yaml': '',
    'hosts.ini': `[tills]
pl-0001-pos1 ansible_user=till ansible_ssh_user=other
pl-0001-pos2 ansible_become=yes ansible_become_method=doas
pl-0001-pos3 ansible_become=true ansible_become_method=su
[tills:vars]
ansible_become_user=app
ansible_become_exe=/opt/sudo
ansible_become_flags=-H -S
ansible_ssh_host_key_checking=false
ansible_become_pass=hunter2-plain
[winners]
pl-0002-back1 ansible_connection=winrm ansible_winrm_message_encryption=never ansible_winrm_read_timeout_sec=90
`,
    'group_vars/tills.yml': '---\n# of all\nansible_ssh_extra_args: -o ConnectTimeout=3\nansible_timeout: 9\n',
  })
  try {
    const { stdout } = await own.till('inventory', 'import', 'ansible', 'hosts.ini', '--json')
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: readonly { summary: string; source: { file: string; line: number } }[]
    }
    const told = diagnostics.map(({ summary, source }) => `${source.file}:${source.line} ${summary}`)
    for (const one of [
      'hosts.ini:2 Not carried over: ansible_user, which says something else than ansible_ssh_user (pl-0001-pos1)',
      'hosts.ini:4 Not carried over: ansible_become_method: su (pl-0001-pos3)',
      'hosts.ini:6 Not carried over: ansible_become_user, without ansible_become (pl-0001-pos1)',
      'hosts.ini:6 Not carried over: ansible_become_user: app (pl-0001-pos2, pl-0001-pos3)',
      'hosts.ini:7 Not carried over: ansible_become_exe (pl-0001-pos1, pl-0001-pos2, pl-0001-pos3)',
      'hosts.ini:8 Not carried over: ansible_become_flags (pl-0001-pos1, pl-0001-pos2, pl-0001-pos3)',
      'hosts.ini:9 Not carried over: ansible_ssh_host_key_checking (pl-0001-pos1, pl-0001-pos2, pl-0001-pos3)',
      'hosts.ini:12 Not carried over: ansible_winrm_message_encryption: never (pl-0002-back1)',
      'hosts.ini:12 Not carried over: ansible_winrm_read_timeout_sec (pl-0002-back1)',
      'group_vars/tills.yml:3 Not carried over: options of ssh: ConnectTimeout (pl-0001-pos1, pl-0001-pos2, pl-0001-pos3)',
      'group_vars/tills.yml:4 Not carried over: ansible_timeout (pl-0001-pos1, pl-0001-pos2, pl-0001-pos3)',
    ]) {
      expect(told).toContain(one)
    }
    expect(stdout).not.toContain('hunter2')
    expect(own.read('inventory/imported.yaml')).toContain('method: doas')
  } finally {
    await own.remove()
  }
})
