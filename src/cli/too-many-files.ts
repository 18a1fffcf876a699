import { closeSync, openSync } from 'node:fs'
import { mostOpenFiles } from '../files/most-open-files.ts'

/** Libraries in Rust (libsql) write the number of the system's error into the text. */
const RUST_CODE = /\(os error (\d+)\)/

/** What to say when this process, or the machine, may not open one more file; undefined for any other error. */
export function tooManyFiles(error: unknown): string | undefined {
  const { code: own, message } = error as NodeJS.ErrnoException
  const code = RUST_CODE.exec(message)?.[1] === '24' ? 'EMFILE' : (own ?? codeOfOpening())
  if (code === 'ENFILE') return 'error This machine has too many files open (ENFILE).'
  if (code !== 'EMFILE') return undefined
  const limit = mostOpenFiles()
  const most = limit === undefined ? '' : `; this process may open ${limit}`
  return `error Too many files are open (EMFILE)${most}.\n  Raise the limit: \`ulimit -n 4096\`, or LimitNOFILE= of a unit of systemd. A run needs about two for each device at work.`
}

/** Libraries keep the code to themselves: oclif then finds no package.json. */
function codeOfOpening(): string | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
