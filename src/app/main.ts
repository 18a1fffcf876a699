import { execute } from '@oclif/core'
import { watchStdout } from './writer.ts'

/** Runs the command line of this process. `bin` is the URL of the program: the package is looked for above it. */
export async function main(bin: string): Promise<void> {
  // Only now: oclif is loaded, which ends the process in the middle of whatever it does when stdout cannot be written.
  watchStdout()
  await execute({ dir: bin })
}
