import { Flags } from '@oclif/core'
import { assignmentsText, listAssignments } from '../../app/gitops/list-assignments.ts'
import { jsonPage } from '../../app/json-document.ts'
import { assignmentFlags, assignmentProject } from '../../cli/assignment-flags.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class Assignments extends BaseCommand {
  static override summary = 'List assignments: what they do, when they were last gone through, and when they are next.'
  static override description =
    'Asks no device. Those of the revision in force where a repository is followed; with --here, of the one in this folder.'
  static override examples = [
    { description: 'What is due next?', command: '<%= config.bin %> assignments' },
    { description: 'Of this repository, for a program', command: '<%= config.bin %> assignments --here --json' },
  ]
  static override flags = {
    ...assignmentFlags,
    json: Flags.boolean({ description: 'one JSON document (schema till.assignments/1)', helpGroup: 'OUTPUT' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Assignments)
    const project = await assignmentProject(flags)
    const now = new Date()
    const assignments = await listAssignments(project, now)
    await this.write(
      flags.json ? jsonPage({ schema: 'till.assignments/1', assignments }) : assignmentsText(assignments, now),
    )
    await project.close()
  }
}
