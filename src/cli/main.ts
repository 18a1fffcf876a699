import { handle, run, settings } from '@oclif/core'
import { stdoutFlushed, watchOutput } from '../app/writer.ts'
import { EXIT } from '../core/outcome.ts'
import { tooManyFiles } from './too-many-files.ts'

/** Runs the command line of this process. `root` is the folder of the package. */
export async function main(root: string): Promise<void> {
  // Only now: oclif is loaded, which ends the process in the middle of whatever it does when stdout cannot be written;
  // without a listener Node.js does the same for stderr.
  watchOutput()
  // With NODE_ENV=development oclif would look for the sources and a compiler, which users do not have, and say so.
  settings.enableAutoTranspile = false
  try {
    await run(process.argv.slice(2), root)
    await stdoutFlushed()
  } catch (error) {
    const said = tooManyFiles(error)
    if (said === undefined) return handle(error as Error)
    process.stderr.write(`${said}\n`)
    process.exit(EXIT.usage)
  }
}
