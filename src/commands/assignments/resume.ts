import { putOnRecord } from '../../app/audit/audit-view.ts'
import { resumeAssignment } from '../../app/gitops/list-assignments.ts'
import { assignmentArgs, assignmentFlags, assignmentProject } from '../../cli/assignment-flags.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class AssignmentsResume extends BaseCommand {
  static override summary = 'Let an assignment go on, and mend drift anew that had come back.'
  static override examples = [{ description: 'Go on', command: '<%= config.bin %> assignments resume agent-update' }]
  static override args = assignmentArgs
  static override flags = assignmentFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AssignmentsResume)
    const project = await assignmentProject(flags)
    await resumeAssignment(project, args.assignment)
    await putOnRecord(project, 'assignment.resumed', { assignment: args.assignment })
    await this.write(`${args.assignment} goes on.\n`)
    await project.close()
  }
}
