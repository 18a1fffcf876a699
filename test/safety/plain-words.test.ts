import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'

describe('what went wrong, in words', () => {
  let project: TestProject

  beforeAll(() => {
    project = new TestProject({
      'tillwright.yaml': '{}\n',
      'inventory/fleet.yaml': inventoryWith(
        '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n' +
          '      printer1: {profile: printer, address: 127.0.0.1}\n',
      ).replace(
        'regions:',
        '  printer: {kind: receipt-printer, os: {family: none}, transport: {type: none}}\nregions:',
      ),
      'runbooks/absent.yaml': 'name: absent\nsteps:\n  - {id: a, command: {run: no-such-program, read_only: true}}\n',
      'runbooks/undone.yaml': 'name: undone\nsteps:\n  - {id: a, command: {run: ":", creates: /nowhere/at/all}}\n',
    })
  })
  afterAll(() => project.remove())

  const failure = async (...args: string[]): Promise<{ readonly message: string; readonly hint?: string }> =>
    JSON.parse((await project.till(...args, '--json')).stdout).devices[0].failure

  it('a command for a printer: what it is, and which devices have a shell', async () => {
    const { code, stdout } = await project.till('exec', '--device', 'PL-0001/printer1', '--', 'uptime')
    expect(code).toBe(4)
    expect(stdout).toContain(
      'The device (a receipt-printer) has no shell; module "command" works on linux and windows.',
    )
    expect(stdout).toContain('→ Choose devices that it works on, as with `--kind till`.')
  })

  it('a command for all: who has no shell is left out, and told; ends of lines of Windows are no text', async () => {
    const { code, stdout, stderr } = await project.till('exec', '--', "printf 'one\\r\\ntwo\\r\\n'")
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Left out: 1 device without a shell (receipt-printer).\n' })
    expect(stdout).toContain('\n  one\n  two\n\n')
    expect(stdout).toContain('1 device, one answer.')
  })

  it('a certificate that ends soon', async () => {
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '20',
        '-subj',
        '/CN=x',
      ],
      { cwd: project.root, encoding: 'utf8' },
    )
    project.write('device/cert.pem', made.stdout)
    const step = `certificate: {path: ${project.path('device/cert.pem')}, min_days: 30}`
    project.write('runbooks/cert.yaml', `name: cert\nsteps:\n  - ${step}\n`)
    const { message } = await failure('plan', 'cert', '--kind', 'till')
    expect(message).toMatch(/^Expires in (20|19\.\d) days; at least 30 required\.$/)
  })

  it('a program that is not there', async () => {
    const { message } = await failure('plan', 'absent', '--kind', 'till')
    expect(message).toBe('It ended with exit 127; required: 0. The program is not installed.')
  })

  it('what is not there is not called null', async () => {
    const { message } = await failure('apply', 'undone', '--kind', 'till', '--yes')
    expect(message).toBe('Changed without error, but creates is still not there.')
  })
})
