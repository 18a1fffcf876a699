import { GITOPS_SCHEMA } from '../src/lang/schema/gitops.ts'
import { INVENTORY_SCHEMA } from '../src/lang/schema/inventory.ts'
import { MODULE_SCHEMA } from '../src/lang/schema/module.ts'
import { PROJECT_SCHEMA } from '../src/lang/schema/project.ts'
import { RUNBOOK_SHAPE } from '../src/lang/schema/runbook.ts'
import { MODULES } from '../src/modules/index.ts'

/** Schemas of ours by which files of users are checked at the start of a command, by a name for people. */
export const OWN_SCHEMAS: Readonly<Record<string, object>> = {
  project: PROJECT_SCHEMA,
  inventory: INVENTORY_SCHEMA,
  runbook: RUNBOOK_SHAPE,
  gitops: GITOPS_SCHEMA,
  module: MODULE_SCHEMA,
  ...Object.fromEntries(MODULES.map(({ name, params }) => [`module ${name}`, params])),
}
