import type { Session, SessionStore } from '../core/session.ts'
import { tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** Who has signed in, in the state file. */
export function sessionStore(session: SqliteSession): SessionStore {
  return {
    begin: (begun: Session) =>
      session.write(() => {
        session.all(tables.insertInto('sessions').values({ ...begun }))
      }),
    async find(id) {
      const [row] = await session.read(tables.selectFrom('sessions').selectAll().where('id', '=', id))
      return row
    },
    use: (id, at) =>
      session.write(() => {
        session.all(tables.updateTable('sessions').set({ used: at }).where('id', '=', id))
      }),
    end: (id) =>
      session.write(() => {
        session.all(tables.deleteFrom('sessions').where('id', '=', id))
      }),
    forget: ({ begun, used }) =>
      session.write(() => {
        session.all(
          tables.deleteFrom('sessions').where((row) => row.or([row('begun', '<', begun), row('used', '<', used)])),
        )
      }),
  }
}
