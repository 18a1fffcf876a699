import { execute, settings } from '@oclif/core'
import { watchStdout } from '../app/writer.ts'

/** Runs the command line of this process. `bin` is the URL of the program: the package is looked for above it. */
export async function main(bin: string): Promise<void> {
  // Only now: oclif is loaded, which ends the process in the middle of whatever it does when stdout cannot be written.
  watchStdout()
  // With NODE_ENV=development oclif would look for the sources and a compiler, which users do not have, and say so.
  settings.enableAutoTranspile = false
  await execute({ dir: bin })
}
