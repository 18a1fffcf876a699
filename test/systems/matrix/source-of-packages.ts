import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BootedSystem } from '../booted-systems.ts'

/** Gives a machine one package source, of its own files, with the package `till-demo` 1.0. */
export function offerPackage(system: BootedSystem): void {
  if (system.name === 'busybox') return
  if (system.name === 'rpm') must(system, OFFER_RPM)
  else offerDeb(system)
}

function offerDeb(system: BootedSystem): void {
  const folder = mkdtempSync(join(tmpdir(), 'till-deb-'))
  mkdirSync(join(folder, 'DEBIAN'))
  const control = 'Package: till-demo\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: t\n'
  writeFileSync(join(folder, 'DEBIAN/control'), control)
  mkdirSync(`${system.root}/srv/source`)
  const file = `${system.root}/srv/source/till-demo.deb`
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', folder, file], { stdio: 'ignore' })
  rmSync(folder, { recursive: true })
  const bytes = readFileSync(file)
  const sum = createHash('sha256').update(bytes).digest('hex')
  const index = `${control}Filename: ./till-demo.deb\nSize: ${bytes.length}\nSHA256: ${sum}\n\n`
  writeFileSync(`${system.root}/srv/source/Packages`, index)
  must(
    system,
    'rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*; echo "deb [trusted=yes] file:/srv/source ./" >/etc/apt/sources.list; apt-get update -qq',
  )
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
