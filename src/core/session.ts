/** That somebody has signed in. Times are in milliseconds since 1970. */
export interface Session {
  /** sha256 of what the browser keeps, in hexadecimal: whoever reads the store cannot use it. */
  readonly id: string
  readonly account: string
  /** By which it ends when the password becomes another. */
  readonly proof: string
  readonly begun: number
  readonly used: number
}

/** Sessions outlive the process. */
export interface SessionStore {
  begin(session: Session): Promise<void>
  find(id: string): Promise<Session | undefined>
  /** It was used at that time; nothing where it is over. */
  use(id: string, at: number): Promise<void>
  end(id: string): Promise<void>
  /** Ends those that began, or were last used, before so; and those that did one or the other behind `ahead`, when a clock was wrong. */
  forget(of: { readonly begun: number; readonly used: number; readonly ahead: number }): Promise<void>
}
