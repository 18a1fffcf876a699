import { userInfo } from 'node:os'

/** Who runs this process, for the journal: the name of the account, or its number where it has none, as in a container. */
export function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
