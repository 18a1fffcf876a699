import { publishedSchemas } from '../lang/schema/published.ts'
import { MODULES } from '../modules/index.ts'

/** Every published JSON Schema by its name, as `till schema NAME` prints it. */
export const SCHEMAS: Readonly<Record<string, object>> = publishedSchemas(MODULES)
