import { compiledLater } from './compiled-later.ts'
import { tables } from './schema.ts'
import { put, type Steps } from './steps.ts'

const PUT = compiledLater(() =>
  tables
    .insertInto('state_facts')
    .values({ name: '', value: '' })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })))
    .compile(),
)

/** Notes a fact of the store, in the place of what it was. */
export function putFact(name: string, value: string): Steps<void> {
  return put(PUT, [name, value])
}
