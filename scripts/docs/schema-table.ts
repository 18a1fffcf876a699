import { type ParamSchema, paramRows } from '../../src/lang/param-rows.ts'
import { code } from './markdown.ts'

/** Rows `parameter, type, description` of a module's parameters. */
export function schemaRows(schema: object): readonly (readonly string[])[] {
  return paramRows(schema as ParamSchema, { quote: code }).map(({ path, required, type, about }) => {
    return [required ? `**${code(path)}** (required)` : code(path), type, about]
  })
}

/** Rows `field, type, description` of what a module shows. */
export function valueRows(schema: object): readonly (readonly string[])[] {
  return paramRows(schema as ParamSchema, { quote: code }).map(({ path, required, type, about }) => {
    return [code(path), type, required ? about : `May be missing. ${about}`]
  })
}
