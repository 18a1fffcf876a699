import type { Session, SessionStore } from '../core/session.ts'
import { tables } from './schema.ts'
import { put, type StoreSession } from './steps.ts'

/** Who has signed in, in the state store. */
export function sessionStore(session: StoreSession): SessionStore {
  return {
    begin: (begun: Session) =>
      session.write(() => put(tables.insertInto('sessions').values({ ...begun })), { locks: {} }),
    async find(id) {
      const [row] = await session.read(tables.selectFrom('sessions').selectAll().where('id', '=', id))
      return row
    },
    use: (id, at) =>
      session.write(() => put(tables.updateTable('sessions').set({ used: at }).where('id', '=', id)), { locks: {} }),
    end: (id) => session.write(() => put(tables.deleteFrom('sessions').where('id', '=', id)), { locks: {} }),
    forget: ({ begun, used, ahead }) =>
      session.write(
        () =>
          put(
            tables
              .deleteFrom('sessions')
              .where((row) =>
                row.or([
                  row('begun', '<', begun),
                  row('used', '<', used),
                  row('begun', '>', ahead),
                  row('used', '>', ahead),
                ]),
              ),
          ),
        { locks: {} },
      ),
  }
}
