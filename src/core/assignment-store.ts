/** What is remembered of assignments, as text by name, where several machines share it. */
export type RememberedAssignments = ReadonlyMap<string, string>

/** Memory of assignments in a database, and who goes through which of them now. */
export interface AssignmentStore {
  read(): Promise<RememberedAssignments>
  /** Puts what `edit` gives in the place of what there was, by name; others stay. It may be called twice. */
  edit(edit: (before: RememberedAssignments) => Readonly<Record<string, string>>): Promise<void>
  /**
   * Takes those that `wanted` names by what is remembered at that moment, without those that another process goes through; for so
   * long, unless they are taken again. Each nominal time is so gone through by one process.
   */
  take(wanted: (before: RememberedAssignments) => readonly string[], ttlMs: number): Promise<readonly string[]>
  /** Takes those again that this process has. */
  keep(names: readonly string[], ttlMs: number): Promise<void>
  /** Gives them back. */
  leave(names: readonly string[]): Promise<void>
}
