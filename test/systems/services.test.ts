import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BootedSystem, bootSystem, type SystemName, until, whyNoBoot } from './booted-systems.ts'
import { moduleOn } from './module-on.ts'

/** What a daemon inherited, but for what differs from start to start. */
const SURROUNDINGS = `pid=$(pidof -s cron); tr '\\0' '\\n' </proc/$pid/environ | grep -E '^(SSH_|LC_|LANG|XDG_|TILL|till|log|name|act|DEBIAN)[A-Za-z_]*=.' | sort
grep -E '^(Umask|SigBlk)' /proc/$pid/status; grep -E 'open files|core file' /proc/$pid/limits; readlink /proc/$pid/cwd; readlink /proc/$pid/fd/0 | sed 's/[0-9]*$//'`

const AT_ONCE = 'sleep 1; echo no licence; exit 7'
const SCRIPT = `cat >/etc/init.d/dying <<'X'
#!/bin/sh
PIDFILE=/run/dying.pid
case $1 in
  start) start-stop-daemon --start --background --make-pidfile --pidfile $PIDFILE --startas /bin/sh -- -c '${AT_ONCE}' ;;
  stop) start-stop-daemon --stop --oknodo --pidfile $PIDFILE; rm -f $PIDFILE ;;
  status) [ -e $PIDFILE ] || exit 3; kill -0 $(cat $PIDFILE) || exit 1 ;;
  *) echo "Usage: $0 start"; exit 0 ;;
esac
X
chmod +x /etc/init.d/dying`

/** Installs a service that dies a second after each start. */
const DYING: Readonly<Record<string, string>> = {
  systemd: `printf '[Service]\nExecStart=/bin/sh -c "${AT_ONCE}"\nRestart=always\n' >/etc/systemd/system/dying.service`,
  sysvinit: SCRIPT,
  openrc: `printf '#!/sbin/openrc-run\nsupervisor=supervise-daemon\ncommand=/bin/sh\ncommand_args="-c \\"sleep 1; exit 7\\""\nrespawn_max=0\npidfile=/run/dying.pid\n' >/etc/init.d/dying; chmod +x /etc/init.d/dying`,
  runit: `mkdir -p /etc/sv/dying; printf '#!/bin/sh\nsleep 1; exit 7\n' >/etc/sv/dying/run; chmod +x /etc/sv/dying/run`,
}

// They boot and wait for daemons beside each other; the tests of each run one after another.
describe.skipIf(whyNoBoot !== undefined).concurrent.each<SystemName>(['systemd', 'sysvinit', 'openrc', 'runit'])(
  'on a booted %s',
  (name) => {
    describe.sequential('services', { timeout: 120_000 }, () => {
      let system: BootedSystem
      const step = moduleOn('service', () => system.shell)
      let atBoot = ''
      beforeAll(async () => {
        system = await bootSystem(name)
        atBoot = system.run(SURROUNDINGS).out
      }, 600_000)
      afterAll(async () => {
        await system?.stop()
      })

      test('stops, starts, disables and enables a daemon', async () => {
        expect(await step({ name: 'cron', state: 'running', enabled: true })).toEqual({ changes: [] })
        expect(await step({ name: 'cron', state: 'stopped', enabled: false })).toEqual({
          changes: ['state: running', 'enabled: true'],
          left: [],
        })
        expect(system.run('pidof cron').code).toBe(1)
        expect(await step({ name: 'cron', state: 'running', enabled: true })).toEqual({
          changes: ['state: stopped', 'enabled: false'],
          left: [],
        })
        expect(system.run('pidof cron').code).toBe(0)
      })

      test('a daemon that is restarted inherits what it had at boot', async () => {
        const pid = system.run('pidof -s cron').out
        expect(await step({ name: 'cron', state: 'running' }, true)).toEqual({
          changes: ['restart: null'],
          left: [],
        })
        expect(system.run('pidof -s cron').out).not.toBe(pid)
        expect(system.run(SURROUNDINGS).out).toBe(atBoot)
      })

      test('a daemon that was killed is seen, and started again', async () => {
        const killed = system.run('pidof -s cron').out
        system.run('kill -9 $(pidof cron)')
        // systemd starts it again itself.
        const isBack = (): boolean => !['', killed].includes(system.run('pidof -s cron').out)
        if (name === 'systemd') await until(isBack, 10_000, () => 'cron does not come back')
        const changes = name === 'systemd' ? { changes: [] } : { changes: ['state: failed'], left: [] }
        expect(await step({ name: 'cron', state: 'running' })).toEqual(changes)
        expect(system.run('pidof cron').code).toBe(0)
      })

      test('a daemon that dies a second after its start is not called running, and why is said', async () => {
        system.run(DYING[name] ?? '')
        const { changes, failure } = await step({ name: 'dying', state: 'running' })
        expect(changes).toEqual(['state: stopped'])
        expect(failure).toMatch(/^Service "dying" did not stay up for 3 s after the start: /)
        if (name === 'systemd') expect(failure).toMatch(/no licence\n[\s\S]*status=7/)
        const after = await step({ name: 'dying', state: 'stopped' })
        expect(after.failure ?? after.unknown ?? after.left ?? after.changes).toEqual([])
      })

      test('says that there is no such service', async () => {
        expect(await step({ name: 'cronn', state: 'running' })).toMatchObject({
          failure: `There is no service "cronn" on the device (${name === 'sysvinit' ? 'sysv' : name}).`,
        })
      })
    })
  },
)

describe.skipIf(whyNoBoot !== undefined)('units of a booted systemd', { timeout: 120_000 }, () => {
  let system: BootedSystem
  const step = moduleOn('service', () => system.shell)
  beforeAll(async () => {
    system = await bootSystem('systemd')
    system.run(`cd /etc/systemd/system
printf '[Service]\nExecStart=/bin/sleep 100000\nExecReload=/bin/sh -c "echo bad configuration >&2; exit 3"\n' >plain.service
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' >once.service
printf '[Service]\nExecStart=/bin/sleep 100000\n[Install]\nAlso=beside.service\n' >indirect.service
printf '[Service]\nExecStart=/bin/sleep 100000\n[Install]\nWantedBy=multi-user.target\n' >beside.service
systemctl daemon-reload; systemctl start plain indirect`)
  }, 600_000)
  afterAll(async () => {
    await system?.stop()
  })

  test('a drop-in that was just written is in force after the restart', async () => {
    system.run(
      `mkdir /etc/systemd/system/plain.service.d; printf '[Service]\nEnvironment=A=1\n' >/etc/systemd/system/plain.service.d/a.conf`,
    )
    expect(await step({ name: 'plain', state: 'running', stable_for: '1s' }, true)).toEqual({
      changes: ['restart: null'],
      left: [],
    })
    expect(system.run('systemctl show -p Environment plain').out).toBe('Environment=A=1\n')
  })

  test('restarts a healthy service although its start limit is reached', async () => {
    system.run('systemctl reset-failed plain; for i in 1 2 3 4 5; do systemctl restart plain; done')
    expect(await step({ name: 'plain', state: 'running', stable_for: '1s' }, true)).toEqual({
      changes: ['restart: null'],
      left: [],
    })
  })

  test('leaves it as it is where its start limit is to hold', async () => {
    system.run('systemctl reset-failed plain; for i in 1 2 3 4 5; do systemctl restart plain; done')
    const { failure } = await step(
      { name: 'plain', state: 'running', stable_for: '1s', reset_start_limit: false },
      true,
    )
    expect(failure).toMatch(
      /^Service "plain" was left as it is, since systemd would refuse the restart: it was started \d+ times within 10s, and systemd allows 5\.$/,
    )
    expect(system.run('systemctl is-active plain').out).toBe('active\n')
  })

  test('says why a reload failed, in the words of the service', async () => {
    const { failure } = await step({ name: 'plain', state: 'running', reload: true, stable_for: '1s' }, true)
    expect(failure).toMatch(
      /^The reload of service "plain" ended with exit code 1: Job for plain.service failed[\s\S]*bad configuration/,
    )
  })

  test('enables an indirect unit by way of the unit beside it', async () => {
    expect(await step({ name: 'indirect', state: 'running', enabled: true })).toEqual({
      changes: ['enabled: false'],
      left: [],
    })
    expect(system.run('systemctl is-enabled beside').out).toBe('enabled\n')
  })

  test('says in the plan what cannot be', async () => {
    expect((await step({ name: 'once', state: 'running' })).failure).toMatch(/^Service "once" is a oneshot: /)
    expect((await step({ name: 'plain', state: 'running', enabled: true })).failure).toMatch(/is static: /)
    system.run(
      'mv /etc/systemd/system/beside.service /lib/systemd/system; systemctl daemon-reload; systemctl start beside; systemctl mask beside',
    )
    expect((await step({ name: 'beside', state: 'running' })).failure).toMatch(/is masked: .* It still runs/)
    expect(await step({ name: 'beside', state: 'stopped' })).toEqual({ changes: ['state: running'], left: [] })
  })

  test('is not restarted where that is ruled out, and says so at once', async () => {
    const restart = moduleOn('reboot', () => system.shell)
    system.run('systemctl mask reboot.target')
    expect((await restart({ when: 'always' })).failure).toMatch(/: reboot\.target is masked: /)
    system.run('systemctl unmask reboot.target')
  })
})
