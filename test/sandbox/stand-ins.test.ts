import { beforeAll, describe, expect, test } from 'vitest'
import { convergeScript } from '../../src/devices/package/change-package.ts'
import { OBSERVE_PACKAGE, type PackageManager } from '../../src/devices/package/package-manager.ts'
import { convergeService } from '../../src/devices/service/converge-service.ts'
import { OBSERVE_SERVICE } from '../../src/devices/service/observe-service.ts'
import type { FlavourName, Sandbox } from '../../src/sandbox/index.ts'
import { canIsolate, device, sandboxFor } from './sandboxes.ts'
import { type Ran, runOn } from './ssh-client.ts'

const AGENT = { agent: { version: '7.0.6', server: 'proxy.example' } }

describe.skipIf(!canIsolate)('the stand-ins of the sandbox', () => {
  let sandbox: Sandbox

  beforeAll(async () => {
    const flavours = ['debian', 'redhat', 'alpine', 'router'] as const
    sandbox = await sandboxFor({
      devices: flavours.map((flavour) => device(`PL-0001/${flavour}`, flavour, { vars: AGENT })),
    })
  })

  /** Runs a script as the modules do: on the stdin of sh, its values as variables. */
  const ask = (flavour: string, script: string, values: Record<string, string> = {}): Promise<Ran> => {
    const variables = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`)
    return runOn(sandbox.overlay, `PL-0001/${flavour}`, 'sh', `${variables.join('')}${script}`)
  }

  test.each([
    ['debian', 'systemd', 'zabbix-agent2'],
    ['redhat', 'systemd', 'zabbix-agent2'],
    ['alpine', 'openrc', 'zabbix-agent2'],
    ['router', 'sysv', 'dnsmasq'],
  ] as const)('stop, start, disable and enable a service (%s)', async (flavour, init, name) => {
    const state = async (): Promise<string> => {
      const { stdout } = await ask(flavour, OBSERVE_SERVICE, { name })
      expect(stdout).toContain(`init=${init}\n`)
      return /active=running/.test(stdout) ? 'running' : 'stopped'
    }
    const enabled = async (): Promise<boolean> =>
      /boot=yes/.test((await ask(flavour, OBSERVE_SERVICE, { name })).stdout)
    const act = async (what: string, boot = ''): Promise<number | string | null> =>
      (await ask(flavour, convergeService(init), { name, act: what, boot_act: boot })).code
    expect(await state()).toBe('running')
    expect(await act('stop')).toBe(0)
    expect(await state()).toBe('stopped')
    expect(await act('start')).toBe(0)
    expect(await act('restart')).toBe(0)
    expect(await state()).toBe('running')
    if (init === 'sysv') return
    expect(await enabled()).toBe(true)
    expect(await act('', 'disable')).toBe(0)
    expect(await enabled()).toBe(false)
    expect(await act('', 'enable')).toBe(0)
    expect(await enabled()).toBe(true)
  })

  test.each(['debian', 'redhat', 'alpine'])('know which services there are not (%s)', async (flavour) => {
    const { stdout } = await ask(flavour, OBSERVE_SERVICE, { name: 'no-such' })
    expect(stdout).not.toMatch(/exists=yes/)
  })

  test.each(['debian', 'redhat', 'alpine'])('know print queues, while their scheduler runs (%s)', async (flavour) => {
    const make =
      'mkdir -p /var/lib/till-sandbox/queues; cd /var/lib/till-sandbox; echo "is idle.  enabled since x" >queues/labels'
    const job = 'echo "labels-3 1795632484 none" >jobs; export TZ=UTC0'
    const asked = await ask(flavour, `${make}; ${job}; lpstat -r; lpstat -l -p; lpstat -a; lpstat -l -o`)
    expect(asked.stdout).toContain('scheduler is running\n')
    expect(asked.stdout).toContain('printer labels is idle.  enabled since x\n\tForm mounted:\n\tAlerts: none\n')
    expect(asked.stdout).toContain('labels accepting requests since')
    expect(asked.stdout).toMatch(/^labels-3 +root +1024 {3}Wed Nov 25 18:48:04 2026\n\tStatus: \n\tAlerts: none/m)
    const service = flavour === 'alpine' ? 'rc-service cupsd' : 'systemctl'
    const stop = flavour === 'alpine' ? `${service} stop` : `${service} stop cups`
    expect((await ask(flavour, `${stop} >/dev/null; lpstat -r`)).stdout).toMatch(/scheduler is not running\n$/)
  })

  test('a service with a broken configuration fails to start, and says so', async () => {
    await ask('debian', "echo 'no server here' > /etc/zabbix/zabbix_agent2.conf")
    const { code, stderr } = await ask('debian', 'systemctl restart zabbix-agent2')
    expect(code).toBe(1)
    expect(stderr).toContain('Job for zabbix-agent2.service failed')
    expect((await ask('debian', 'systemctl is-active zabbix-agent2; systemctl is-system-running')).stdout).toBe(
      'failed\ndegraded\n',
    )
    await ask('debian', "echo 'Server=proxy.example' > /etc/zabbix/zabbix_agent2.conf; systemctl start zabbix-agent2")
    expect((await ask('debian', 'systemctl is-active zabbix-agent2; systemctl is-system-running')).stdout).toBe(
      'active\nrunning\n',
    )
  })

  test('a masked service does not start', async () => {
    const { stdout, code } = await ask(
      'debian',
      'systemctl mask cups; systemctl stop cups; systemctl is-enabled cups; systemctl start cups',
    )
    expect([stdout, code]).toEqual(['masked\n', 1])
    expect(
      (await ask('debian', 'systemctl unmask cups; systemctl enable --now cups; systemctl is-active cups')).stdout,
    ).toBe('active\n')
  })

  test('a unit file of the device is a service', async () => {
    const unit = '[Unit]\\nDescription=Mine\\n[Service]\\nExecStart=/opt/mine\\nUser=till\\n'
    const script = `printf '${unit}' > /etc/systemd/system/mine.service; systemctl daemon-reload; systemctl enable --now mine; systemctl show -p Description,ActiveState,User --value mine; pgrep -f /opt/mine >/dev/null && echo seen`
    expect((await ask('debian', script)).stdout).toBe('Mine\nactive\ntill\nseen\n')
  })

  test.each([
    ['debian', 'apt', '1:6.4.12-1+debian12'],
    ['redhat', 'dnf', '6.4.12-release1.el9'],
    ['alpine', 'apk', '6.4.12-r0'],
  ] as const)('install a version, go back to another, remove (%s)', async (flavour, manager, older) => {
    const name = 'zabbix-agent2'
    const found = async (): Promise<string> =>
      (await ask(flavour, OBSERVE_PACKAGE, { name, manager: 'auto' })).stdout
        .split('\n')
        .filter((line) => line.startsWith('package='))
        .join('\n')
    const install = (version: string): Promise<Ran> =>
      ask(flavour, convergeScript(manager as PackageManager, 'present'), { name, version, file: '', manager })
    expect(await found()).toContain('7.0.6')
    expect((await install('6.4.12')).code).toBe(0)
    expect(await found()).toBe(`package=${manager === 'apt' ? 'ii ' : ''}${older}`)
    expect((await ask(flavour, 'zabbix_agent2 -V | head -n 1')).stdout).toBe('zabbix_agent2 (Zabbix) 6.4.12\n')
    expect((await install('7.0.6')).code).toBe(0)
    expect(await found()).toContain('7.0.6')
    expect((await install('99.1')).code).not.toBe(0)
    expect(
      (
        await ask(flavour, convergeScript(manager as PackageManager, 'absent'), {
          name,
          version: '',
          file: '',
          manager,
        })
      ).code,
    ).toBe(0)
    expect(await found()).toBe('')
    expect((await ask(flavour, 'zabbix_agent2 -V')).code).toBe(127)
    expect((await install('')).code).toBe(0)
    expect((await ask(flavour, 'zabbix_agent2 -t agent.ping')).stdout).toMatch(/^agent\.ping\s+\[u\|1\]\n$/)
  })

  test.each(['debian', 'redhat', 'alpine', 'router'] as readonly FlavourName[])(
    'call the device by its name (%s)',
    async (flavour) => {
      const { stdout } = await ask(
        flavour,
        'hostname; uname -n; uname -a | cut -d " " -f 2; sudo -n -u root sh -c "echo as $(id -u)"',
      )
      expect(stdout).toBe(`${`pl-0001-${flavour}\n`.repeat(3)}as 0\n`)
    },
  )

  test.each(['debian', 'alpine'])('show services as processes (%s)', async (flavour) => {
    const { stdout } = await ask(
      flavour,
      'pgrep -x tillapp >/dev/null && echo one; ps -o pid,ppid,user,args | grep -c "[t]illapp --config"; pidof tillapp | wc -w',
    )
    expect(stdout.replaceAll(' ', '')).toBe('one\n1\n1\n'.replace('\n1\n', flavour === 'alpine' ? '\n1\n' : '\n0\n'))
  })
})
