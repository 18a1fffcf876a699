import { Flags } from '@oclif/core'
import { putOnRecord } from '../app/audit/audit-view.ts'
import { hereFlag, type Project } from '../app/project.ts'
import { hostsToRecord, recordHostKeys, type ShownKeys, scanDevices } from '../app/reach/trust.ts'
import { someDevices } from '../app/revision/targets.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { confirm } from '../cli/confirm.ts'
import { selectionFlags, selectionText } from '../cli/selection-flags.ts'
import { EXIT } from '../core/outcome.ts'

export default class Trust extends BaseCommand {
  static override summary = 'Show the host keys of devices, and record those that you trust.'
  static override description =
    `Every key is shown with its fingerprint and whether it is known, new or CHANGED. New keys are recorded in the known_hosts
of the repository after your yes; without a terminal that takes --yes, or --fingerprint for each key.

A key that known_hosts has revoked (@revoked) is REVOKED, and never recorded. Host certificates (@cert-authority) are not
supported: the keys of the device itself are.

A changed key means that the device was reinstalled or that another machine answers at its address. It is recorded only
when its fingerprint is named by --fingerprint, compared with the device by another way than this line.
Exit codes: 0 every device is known or was recorded, 4 some key was not recorded, 5 some device did not answer.`
  static override examples = [
    {
      description: 'A new store, after a look at the fingerprints',
      command: '<%= config.bin %> trust --store PL-0412',
    },
    {
      description: 'A till that was reinstalled, with the fingerprint that its console shows',
      command: '<%= config.bin %> trust --device PL-0412/pos1 --fingerprint SHA256:K7f…',
    },
  ]
  static override flags = {
    ...selectionFlags,
    yes: Flags.boolean({ char: 'y', description: 'record new keys without asking; changed ones are left out' }),
    fingerprint: Flags.string({
      description: 'record exactly the keys with these fingerprints, also in place of another',
      multiple: true,
      helpValue: 'SHA256:…',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Trust)
    const project = await this.openProject(flags)
    const shown = await this.#scan(project, flags)
    const fingerprints = flags.fingerprint ?? []
    const fresh = shown.filter((one) => one.state === 'new' && !one.pinned).length
    const acceptNew = fresh > 0 && fingerprints.length === 0 && (flags.yes || (await agreed(fresh)))
    const hosts = hostsToRecord(shown, { acceptNew, fingerprints })
    if (hosts.length > 0) {
      await recordHostKeys(project.paths.knownHosts, hosts)
      await putOnRecord(project, 'trust.recorded', { hosts: recorded(shown, hosts) })
    }
    const open = shown.filter((one) => ['new', 'changed', 'revoked'].includes(one.state)).length - hosts.length
    const command = `till trust${selectionText(flags)} --yes${hereFlag(project)}`
    await this.write(summary(shown, { recorded: hosts.length, file: project.settings.known_hosts, command }))
    await project.close()
    if (open > 0) this.exit(EXIT.failed)
    this.exit(shown.some((one) => one.state === 'failed') ? EXIT.unreachable : EXIT.ok)
  }

  async #scan(project: Project, flags: Parameters<typeof someDevices>[2]): Promise<readonly ShownKeys[]> {
    const fleet = await project.fleet()
    const devices = (await someDevices(project, fleet, flags)).filter((device) => device.transport.type === 'ssh')
    const stop = new AbortController()
    const interrupt = (): void => stop.abort()
    process.once('SIGINT', interrupt)
    const shown: ShownKeys[] = []
    for await (const one of scanDevices(devices, { project, fleet, signal: stop.signal })) {
      shown.push(one)
      await this.write(linesOf(one))
    }
    process.off('SIGINT', interrupt)
    if (stop.signal.aborted) this.exit(EXIT.interrupted)
    return shown
  }
}

/** Whose keys were recorded, and which. */
function recorded(shown: readonly ShownKeys[], hosts: ReturnType<typeof hostsToRecord>): string[] {
  return hosts.map(({ address, port, keys }) => {
    const of = shown.find(({ device }) => device.address === address && (device.transport.port ?? 22) === port)
    const named = keys.map((key) => of?.fingerprints[of.keys.indexOf(key)] ?? '')
    return `${of?.device.name ?? ''} at ${address}:${port}: ${named.join(', ')}`
  })
}

/** Before anything was asked of it. */
const NOT_ASKED = 'not asked'

const STATES = { known: 'known', new: 'new', changed: 'CHANGED', revoked: 'REVOKED', failed: 'no answer' } as const

const AUTHORITY =
  'known_hosts has a @cert-authority for it. Host certificates are not supported: its own keys are what is recorded.'
const REVOKED = 'known_hosts has revoked a key that it shows (@revoked). None of its keys is recorded.'

function linesOf({ device, state, fingerprints, failure, pinned, hasAuthority }: ShownKeys): string {
  const said = failure?.phase === 'resolve' ? NOT_ASKED : STATES[state]
  const label = `${said}${pinned ? ' (named in the inventory)' : ''}`
  const notes = [...(state === 'revoked' ? [REVOKED] : []), ...(hasAuthority ? [AUTHORITY] : [])]
  const details = failure ? [failure.message] : [...fingerprints, ...notes]
  return `${device.name}  ${label}\n${details.map((detail) => `  ${detail}\n`).join('')}`
}

function summary(
  shown: readonly ShownKeys[],
  { recorded, file, command }: { readonly recorded: number; readonly file: string; readonly command: string },
): string {
  const counts = (['known', 'new', 'changed', 'revoked', 'failed'] as const)
    .map((state) => [shown.filter((one) => one.state === state).length, STATES[state]] as const)
    .filter(([count]) => count > 0)
    .map(([count, label]) => `${count} ${label}`)
  const nothing = shown.length === 0 ? 'No device of the selection speaks SSH' : counts.join(', ')
  if (recorded > 0) return `${nothing}; ${recorded} recorded in ${file}.\n`
  const fresh = shown.filter((one) => one.state === 'new' && !one.pinned).length
  if (fresh === 0) return `${nothing}; nothing was recorded.\n`
  return `${nothing}. Compare the keys with those of the devices, then: ${command}\n`
}

/** Only a person at a terminal can look at fingerprints; where there is none, nothing is taken for a yes. */
async function agreed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false
  return confirm(`Record the keys of ${count === 1 ? 'this new device' : `these ${count} new devices`}?`)
}
