import { publishedSchemas } from '../lang/schema/published.ts'
import { MODULES } from '../modules/index.ts'

/** Every published JSON Schema by its name: inventory, runbook, project, plan, result, event, diagnostics. */
export const SCHEMAS: Readonly<Record<string, object>> = publishedSchemas(MODULES)
