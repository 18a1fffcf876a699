import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { BootedSystem } from '../booted-systems.ts'

/** Gives a machine one package source, of its own files, with the package `till-demo` 1.0, and by apt with an agent. */
export function offerPackage(system: BootedSystem): void {
  if (system.name === 'busybox') return
  if (system.name === 'rpm') must(system, OFFER_RPM)
  else offerDebs(system)
}

interface Deb {
  readonly name: string
  readonly version: string
  /** Files by path, those in /usr/sbin and /etc/init.d for everyone to run. */
  readonly files: Readonly<Record<string, string>>
}

/** What the package of Debian has, with a program that answers as the agent does, to its control socket alone. */
const AGENT: Deb = {
  name: 'zabbix-agent2',
  version: '6.0.40-1',
  files: {
    'DEBIAN/conffiles': '/etc/zabbix/zabbix_agent2.conf\n/etc/init.d/zabbix-agent2\n',
    'etc/zabbix/zabbix_agent2.conf': 'Hostname=till\nControlSocket=/run/zabbix-agent2.sock\n',
    'lib/systemd/system/zabbix-agent2.service':
      '[Service]\nExecStart=/usr/sbin/zabbix_agent2 -f\n[Install]\nWantedBy=multi-user.target\n',
    'usr/sbin/zabbix_agent2': `#!/bin/sh
case " $* " in
  *' -V '*) echo 'zabbix_agent2 (Zabbix) 6.0.40' ;;
  *' -R '*) if [ -e /run/zabbix-agent2.sock ]; then echo '6.0.40'; else echo 'Cannot send remote command'; fi ;;
  *' -t '*) echo 'agent.ping [u|1]' ;;
  *' -f '*) : >/run/zabbix-agent2.sock; exec sleep 86400 ;;
esac
`,
    'etc/init.d/zabbix-agent2': `#!/bin/sh
### BEGIN INIT INFO
# Provides: zabbix-agent2
# Required-Start: $remote_fs
# Required-Stop: $remote_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: agent
### END INIT INFO
file=/run/zabbix-agent2.pid
runs() { [ -s "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null; }
case $1 in
  start) if ! runs; then zabbix_agent2 -f >/dev/null 2>&1 </dev/null & echo "$!" >"$file"; fi ;;
  stop) if runs; then kill "$(cat "$file")"; fi; rm -f "$file" /run/zabbix-agent2.sock ;;
  restart) "$0" stop; "$0" start ;;
  status) if runs; then echo 'zabbix-agent2 is running'; else echo 'zabbix-agent2 is not running'; exit 3; fi ;;
  *) echo "Usage: $0 {start|stop|restart|status}"; exit 2 ;;
esac
`,
  },
}

function offerDebs(system: BootedSystem): void {
  const source = `${system.root}/srv/source`
  mkdirSync(source)
  const debs = [{ name: 'till-demo', version: '1.0', files: {} }, AGENT]
  writeFileSync(`${source}/Packages`, debs.map((deb) => offerDeb(deb, source)).join('\n'))
  must(
    system,
    'rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*; echo "deb [trusted=yes] file:/srv/source ./" >/etc/apt/sources.list; apt-get update -qq',
  )
}

/** Builds a package and returns its entry in the index of the source. */
function offerDeb({ name, version, files }: Deb, source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-deb-'))
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: t\n`
  for (const [path, text] of Object.entries({ 'DEBIAN/control': control, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { mode: /^(usr\/sbin|etc\/init\.d)\//.test(path) ? 0o755 : 0o644 })
  }
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', folder, `${source}/${name}.deb`], { stdio: 'ignore' })
  rmSync(folder, { recursive: true })
  const bytes = readFileSync(`${source}/${name}.deb`)
  const sum = createHash('sha256').update(bytes).digest('hex')
  return `${control}Filename: ./${name}.deb\nSize: ${bytes.length}\nSHA256: ${sum}\n`
}

const OFFER_RPM = `set -e
mkdir -p /srv/source /etc/yum.repos.d /etc/dnf/vars
printf 'Name: till-demo\\nVersion: 1.0\\nRelease: 1\\nSummary: t\\nLicense: MIT\\nBuildArch: noarch\\n%%description\\nt\\n%%files\\n' >/tmp/till-demo.spec
rpmbuild --quiet -bb --define '_topdir /tmp/build' --define '_rpmdir /srv/source' /tmp/till-demo.spec
createrepo_c -q /srv/source
printf '[main]\\nenabled=0\\n' >/etc/dnf/plugins/local.conf
printf '[shop]\\nname=shop\\nbaseurl=file:///srv/source\\ngpgcheck=0\\n' >/etc/yum.repos.d/shop.repo
echo 12 >/etc/dnf/vars/releasever
rpm --initdb
`

function must(system: BootedSystem, script: string): void {
  const { code, out } = system.run(script)
  if (code !== 0) throw new Error(`${system.name}: ${out}`)
}
