import { Flags } from '@oclif/core'
import { putOnRecord } from '../../app/audit/audit-view.ts'
import { suspendAssignment } from '../../app/gitops/list-assignments.ts'
import { assignmentArgs, assignmentFlags, assignmentProject } from '../../cli/assignment-flags.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class AssignmentsSuspend extends BaseCommand {
  static override summary = 'Stop an assignment until it is resumed; who and why goes on record.'
  static override examples = [
    {
      description: 'While the supplier is on it',
      command: '<%= config.bin %> assignments suspend agent-update --reason "supplier tests 7.0.6 until Friday"',
    },
  ]
  static override args = assignmentArgs
  static override flags = {
    ...assignmentFlags,
    reason: Flags.string({ description: 'why; shown to everybody', required: true }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AssignmentsSuspend)
    const project = await assignmentProject(flags)
    await suspendAssignment(project, args.assignment, flags.reason)
    await putOnRecord(project, 'assignment.suspended', { assignment: args.assignment, why: flags.reason })
    await this.write(`${args.assignment} is suspended.\n`)
    await project.close()
  }
}
