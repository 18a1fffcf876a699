import { Flags } from '@oclif/core'
import { examineMachine, type MachineFinding } from '../app/doctor/examine-machine.ts'
import { jsonPage } from '../app/json-document.ts'
import type { Project } from '../app/project.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { InputError } from '../core/diagnostic.ts'
import type { Fleet } from '../core/fleet.ts'
import { EXIT } from '../core/outcome.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Say what is missing on this machine, and how to get it.'
  static override description =
    `Looks at Node.js, git, the repository, host keys, private keys and their modes, the ssh-agent, the state folder, free disk,
the clock, what the sandbox needs, and programs that some steps use. Changes nothing, and asks no device.
Exit codes: 0 what everybody needs is there, 4 something of it is not. With --json the schema is till.doctor.machine/1.`
  static override examples = [
    { description: 'Before the first run', command: '<%= config.bin %> doctor' },
    { description: 'For a check of many controllers', command: '<%= config.bin %> doctor --json' },
  ]
  static override flags = { json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    const project = await orNothing(() => this.openProject(flags))
    const fleet = await orNothing(async () => project?.fleet())
    const findings = await examineMachine({ project, fleet })
    await project?.close()
    const ok = !findings.some(({ state }) => state === 'failed')
    if (flags.json) await this.write(jsonPage({ schema: 'till.doctor.machine/1', ok, findings }))
    else await this.write(findings.map(told).join(''))
    this.exit(ok ? EXIT.ok : EXIT.failed)
  }
}

/** A repository that is missing or wrong is a finding here. */
async function orNothing<T extends Project | Fleet>(work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

const STATES = { ok: 'ok       ', missing: 'missing  ', failed: 'FAILED   ' } as const

function told({ name, state, detail, advice }: MachineFinding): string {
  return `${STATES[state]}${name}: ${detail}\n${advice === undefined ? '' : `         ${advice}\n`}`
}
