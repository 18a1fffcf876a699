import { Flags } from '@oclif/core'
import { jsonDocument } from '../../app/json-document.ts'
import { type Applied, syncZabbix } from '../../app/sync/sync-zabbix.ts'
import type { HostChange } from '../../app/sync/zabbix-plan.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { confirm, isSomebodyThere } from '../../cli/confirm.ts'
import { EXIT } from '../../core/outcome.ts'
import { plainText } from '../../reporters/plain-text.ts'

const PROGRESS_EVERY_MS = 5_000
const SIGNS = { create: '+', update: '~', disable: '-', refused: '!' } as const

export default class SyncZabbix extends BaseCommand {
  static override summary = 'Make the hosts of Zabbix those of the inventory: one for each device.'
  static override description =
    `Shows what would be changed, asks, and changes it: hosts are created, updated, and disabled once their device is in the
inventory no more. Only hosts with the tag till.fleet of this fleet are ours; others are never touched, and neither are templates,
macros, further tags and further groups of ours. A host that somebody has disabled stays disabled, and a sparse checkout disables none. Zabbix 6.0 or later, by
hooks.systems.zabbix of tillwright.yaml. Without a terminal it needs --yes, or it only shows. Exit codes: 0 nothing is left to do, 3 something would be
changed, 4 something was refused. With --json the answer is one document (schema till.zabbix-sync/1).`
  static override examples = [
    { description: 'What would be changed?', command: '<%= config.bin %> sync zabbix --json' },
    { description: 'In a pipeline', command: '<%= config.bin %> sync zabbix --yes' },
  ]
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'change it without asking' }),
    json: Flags.boolean({ description: 'as JSON; changes nothing without --yes', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SyncZabbix)
    const project = await this.openProject(flags)
    const sync = await syncZabbix(project, await project.fleet())
    await project.close()
    const { changes, unchanged } = sync
    if (!flags.json) await this.writeAll(changes.map(textOf))
    const doable = changes.filter(({ action }) => action !== 'refused')
    const isWanted = doable.length > 0 && (flags.yes || (await this.#asked(doable.length, flags.json)))
    const { failed, left, stopped } = isWanted ? await sync.apply(progress()) : NOTHING_FAILED
    const results = changes.map((change) => ({
      ...change,
      ...resultOf(change, { isWanted, failed: new Map([...failed, ...left]) }),
    }))
    const counts = { ...countsOf(results), unchanged }
    if (flags.json) {
      const head = { schema: 'till.zabbix-sync/1', applied: isWanted, counts }
      const shown = results.map(({ is: _is, wanted: _wanted, ...rest }) => rest)
      await this.writeAll(jsonDocument(head, 'hosts', shown))
    } else {
      for (const [device, why] of failed) process.stderr.write(`${plainText(device)}: ${plainText(why)}\n`)
      process.stderr.write(`${countsText(counts, isWanted)}\n`)
    }
    if (stopped !== undefined)
      process.stderr.write(`Zabbix: ${plainText(stopped)}. ${left.size} hosts were left; till sync zabbix goes on.\n`)
    if (failed.size + left.size > 0 || doable.length < changes.length) process.exitCode = EXIT.failed
    else if (doable.length > 0 && !isWanted) process.exitCode = EXIT.drift
  }

  async #asked(hosts: number, isJson: boolean): Promise<boolean> {
    return !isJson && isSomebodyThere() && (await confirm(`Change ${hosts} hosts?`))
  }
}

const NOTHING_FAILED: Applied = { failed: new Map(), left: new Map(), stopped: undefined }

/** Says how far it is every few seconds; a short one says nothing. */
function progress(): (done: number, all: number) => void {
  let saidAt = performance.now()
  return (done, all) => {
    if (done === all || performance.now() - saidAt < PROGRESS_EVERY_MS) return
    saidAt = performance.now()
    process.stderr.write(`${done} of ${all} hosts\n`)
  }
}

function resultOf(
  { action, device, why }: HostChange,
  { isWanted, failed }: { readonly isWanted: boolean; readonly failed: ReadonlyMap<string, string> },
) {
  if (action === 'refused') return { result: 'refused' as const, why }
  const refusal = failed.get(device)
  if (refusal !== undefined) return { result: 'refused' as const, why: refusal }
  return { result: isWanted ? ('done' as const) : ('planned' as const), why }
}

function countsOf(results: readonly { readonly action: HostChange['action']; readonly result: string }[]) {
  const count = (action: HostChange['action']): number =>
    results.filter((each) => each.action === action && each.result !== 'refused').length
  const refused = results.filter(({ result }) => result === 'refused').length
  return { create: count('create'), update: count('update'), disable: count('disable'), refused }
}

function countsText(
  { create, update, disable, refused, unchanged }: ReturnType<typeof countsOf> & { readonly unchanged: number },
  isDone: boolean,
): string {
  const verb = isDone ? 'were' : 'would be'
  const left = refused === 0 ? '' : `, ${refused} refused`
  return `${create} ${verb} created, ${update} updated, ${disable} disabled, ${unchanged} as they should be${left}`
}

function textOf({ action, device, host, changes, why }: HostChange): string {
  const fields = changes.map(({ field, from, to }) => `    ${field}: ${plainText(from ?? '')} → ${plainText(to)}\n`)
  const reason = why === null ? '' : `    ${plainText(why)}\n`
  return `${SIGNS[action]} ${plainText(host)}  ${plainText(device)}  ${action}\n${fields.join('')}${reason}`
}
