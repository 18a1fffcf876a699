import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { RUN_ACTION, TOOL_PRELUDE } from '../../src/shell/tool-answer.ts'
import { type BootedSystem, bootSystem, whyNoBoot } from './booted-systems.ts'
import { moduleOn } from './module-on.ts'

/** Packages of three versions, one that provides another name, one whose script fails, and a source of them. */
const SOURCE = `set -e
mkdir -p /tmp/specs /srv/source
make_package() {
  printf 'Name: %s\\nVersion: %s\\nRelease: 1\\nSummary: t\\nLicense: MIT\\nBuildArch: noarch\\n%s\\n%%description\\nt\\n%%install\\n%%files\\n%s\\n' "$1" "$2" "$3" "$4" >/tmp/specs/$1-$2.spec
  rpmbuild --quiet -bb --define '_topdir /tmp/build' --define '_rpmdir /srv/source' /tmp/specs/$1-$2.spec
}
make_package till-agent 4.1.0
make_package till-agent 4.2.1
make_package till-agent 4.3.0
make_package till-agent-doc 4.2.1
make_package webd 1.0 'Provides: webserver'
make_package sour 1.0 'Provides: /bin/sh' '%post
echo no licence >&2
exit 3'
createrepo_c -q /srv/source
mkdir -p /etc/yum.repos.d /etc/dnf/vars
printf '[main]\\nenabled=0\\n' >/etc/dnf/plugins/local.conf
printf '[shop]\\nname=shop\\nbaseurl=file:///srv/source\\ngpgcheck=0\\n' >/etc/yum.repos.d/shop.repo
echo 12 >/etc/dnf/vars/releasever
rpm --initdb
`

describe.skipIf(whyNoBoot !== undefined)('packages of rpm and dnf', { timeout: 240_000 }, () => {
  let system: BootedSystem
  const onDnf = moduleOn('package', () => system.shell)
  const step = (params: JsonObject) => onDnf({ manager: 'dnf', ...params })
  beforeAll(async () => {
    system = await bootSystem('rpm')
    const made = system.run(SOURCE)
    if (made.code !== 0) throw new Error(made.out)
  }, 600_000)
  afterAll(async () => {
    await system?.stop()
  })
  const version = (name: string): string => system.run(`rpm -q --qf '%{VERSION}' ${name}`).out
  const name = 'till-agent'

  test('go to a version, down, up and away', async () => {
    expect(await step({ name, version: '4.2.1' })).toEqual({ changes: ['version: null'], left: [] })
    expect(await step({ name, version: '4.1.0-1' })).toEqual({ changes: ['version: 4.2.1-1'], left: [] })
    expect(await step({ name, version: '4.3.0' })).toEqual({ changes: ['version: 4.1.0-1'], left: [] })
    expect(await step({ name, state: 'absent' })).toEqual({ changes: ['state: present'], left: [] })
  })

  test('stay at a version that is held, and move only where the runbook says so', async () => {
    expect(await step({ name, version: '4.2.1', hold: true })).toEqual({
      changes: ['version: null', 'hold: false'],
      left: [],
    })
    system.run('dnf -y upgrade')
    expect(version(name)).toBe('4.2.1')
    expect((await step({ name, version: '4.3.0' })).failure).toMatch(/^"till-agent" is on hold \(dnf versionlock\)/)
    expect((await step({ name, state: 'absent' })).failure).toMatch(/is on hold/)
    expect(await step({ name: 'till-agent-doc', version: '4.2.1', hold: true })).toMatchObject({ left: [] })
    expect(await step({ name, version: '4.3.0', hold: true })).toEqual({
      changes: ['version: 4.2.1-1'],
      left: [],
    })
    expect(await step({ name, version: '4.1.0', hold: false })).toEqual({
      changes: ['version: 4.3.0-1', 'hold: true'],
      left: [],
    })
    expect(system.run('cat /etc/dnf/plugins/versionlock.list | grep -v "^#"').out).toBe('till-agent-doc-0:4.2.1-1.*\n')
    system.run('dnf -y upgrade')
    expect(version(name)).toBe('4.3.0')
  })

  test('are not taken from what only provides the name', async () => {
    expect((await step({ name: 'webserver' })).failure).toBe('No package source of the device has "webserver".')
    expect(version('webd')).toMatch(/not installed/)
  })

  test('whose script failed are not called changed', async () => {
    expect((await step({ name: 'sour' })).failure).toMatch(
      /no licence\s+warning: %post\(sour-1\.0-1\.noarch\) scriptlet failed/,
    )
  })

  test('are told from a source that does not answer, and from a key that is missing', async () => {
    system.run(
      `printf '[dead]\\nname=dead\\nbaseurl=http://127.0.0.1:9/x\\ngpgcheck=0\\nskip_if_unavailable=1\\n' >/etc/yum.repos.d/dead.repo`,
    )
    expect((await step({ name: 'nowhere' })).failure).toMatch(
      /^No package source of the device has "nowhere"\. Not every source answered: [\s\S]*Curl error \(7\)/,
    )
    system.run('sed -i s/skip_if_unavailable=1/skip_if_unavailable=0/ /etc/yum.repos.d/dead.repo')
    expect((await step({ name: 'nowhere' })).failure).toMatch(
      /ended with exit code 1: [\s\S]*repository 'dead'[\s\S]*Curl error \(7\)/,
    )
    system.run('rm /etc/yum.repos.d/dead.repo; sed -i s/gpgcheck=0/gpgcheck=1/ /etc/yum.repos.d/shop.repo')
    expect((await step({ name: 'webd' })).failure).toMatch(/ended with exit code 1: [\s\S]*GPG public keys/)
    system.run('sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.repos.d/shop.repo')
  })

  test('are not hindered by a full /tmp: what they say goes elsewhere', async () => {
    system.run('mount -t tmpfs -o size=16k none /tmp; head -c 100000 /dev/zero >/tmp/full')
    try {
      const script = `${TOOL_PRELUDE}${RUN_ACTION}run_action sh -c 'seq 1 9000 || exit 9'; tail -n 1 "$log"`
      expect(await system.shell.ask({ script })).toMatchObject({ exitCode: 0, text: '9000\n' })
      expect(system.run('ls /var/tmp /dev/shm | grep till').out).toBe('')
    } finally {
      system.run('umount /tmp')
    }
  })
})
