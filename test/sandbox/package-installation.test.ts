import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { TestProject } from '../cli/project.ts'
import { TILL } from '../peers/till.ts'

/**
 * What the installation of a package does to a machine, on a copy of its /etc that only this script sees: ldconfig puts
 * another file in the place of the loader's cache, update-alternatives another link.
 */
const BESIDE_AN_INSTALLATION = `set -eu
node=$1 till=$2
cp -a /etc "$PWD/etc"
mount --bind "$PWD/etc" /etc
install_a_package() {
  ldconfig -X
  if [ -d /etc/alternatives ]; then ln -s /bin/true /etc/alternatives/new; mv -f /etc/alternatives/new /etc/alternatives/till-test; fi
}
"$node" "$till" inventory generate --stores 2 --output inventory >&2
"$node" "$till" sandbox up --detach >&2
trap '"$node" "$till" sandbox down >&2' EXIT
for n in 1 2 3; do
  install_a_package
  "$node" "$till" exec --sandbox --where "device.kind == 'till' && device.os.family == 'linux'" --json -- 'ls -d / && uname -n'
done
`

const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('Skipped: the sandbox beside the installation of a package; only root may mount.')

describe.skipIf(!isRoot)('while packages are being installed on the machine', () => {
  const project = new TestProject({ 'tillwright.yaml': '' })
  afterAll(() => project.remove())

  it('devices of the sandbox can be entered and run their programs', () => {
    const args = [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      BESIDE_AN_INSTALLATION,
      'sh',
      process.execPath,
      TILL,
    ]
    const { status, stderr } = spawnSync('unshare', args, { cwd: project.root, encoding: 'utf8', env: process.env })
    expect(status, stderr).toBe(0)
  })
})
