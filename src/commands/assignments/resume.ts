import { Flags } from '@oclif/core'
import { putOnRecord } from '../../app/audit/audit-view.ts'
import { resumeAssignment } from '../../app/gitops/list-assignments.ts'
import { assignmentArgs, assignmentFlags, assignmentProject } from '../../cli/assignment-flags.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class AssignmentsResume extends BaseCommand {
  static override summary = 'Let an assignment go on, and mend drift anew that had come back.'
  static override description =
    'Takes it as meant, too, that an assignment means no device any more: it is no longer told.'
  static override examples = [
    { description: 'Go on', command: '<%= config.bin %> assignments resume agent-update' },
    {
      description: 'Go on, and say why',
      command: '<%= config.bin %> assignments resume agent-update --reason "the supplier is done"',
    },
  ]
  static override args = assignmentArgs
  static override flags = {
    ...assignmentFlags,
    reason: Flags.string({ description: 'why; stands in the audit log' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AssignmentsResume)
    const project = await assignmentProject(flags)
    await resumeAssignment(project, args.assignment)
    const why = flags.reason === undefined ? {} : { why: flags.reason }
    await putOnRecord(project, 'assignment.resumed', { assignment: args.assignment, ...why })
    await this.write(`${args.assignment} goes on.\n`)
    await project.close()
  }
}
