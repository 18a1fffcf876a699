/** Where a program on a Windows device writes. */
export interface ProgramOutput {
  stdout(bytes: Buffer): void
  stderr(bytes: Buffer): void
  /** Once, after everything else. */
  exit(code: number): void
}

/** A program that runs on a Windows device, as the shell that started it has it. */
export interface WindowsProgram {
  write(bytes: Buffer): void
  /** No more input comes. */
  end(): void
  /** It ends at once and says nothing any more. */
  kill(): void
}

/** Starts a command line, with the variables that the shell has beside those of the system. */
export type StartProgram = (
  line: string,
  environment: ReadonlyMap<string, string>,
  output: ProgramOutput,
) => WindowsProgram
