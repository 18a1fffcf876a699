import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, from the longest on: begun last, one of them would keep the end waiting by itself. */
const LONGEST = [
  'modules/cases',
  'sandbox/windows',
  'docs/cookbook',
  'cli/reconcile-controllers',
  'cli/left-running',
  'cli/reconcile',
  'cli/policy',
  'cli/workers',
  'systems/matrix',
  'cli/apply',
  'server/zabbix',
  'systems/services',
  'cli/drift-since',
  'stores/postgres',
  'cli/outages',
  'cli/module-commands',
  'shell/posix-fence',
  'safety/resume',
  'cli/hooks',
  'cli/what-next',
  'package/installed',
  'safety/wave-rollback',
  'cli/sync-inventory',
  'server/serve',
  'modules/awkward',
  'server/escalation',
  'server/pages',
].map((name) => `test/${name}.test.ts`)

/** The longest files first; what is not known to be long, as Vitest orders it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => {
      const known = LONGEST.indexOf(relative(project.config.root, moduleId))
      return known < 0 ? LONGEST.length : known
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}
