import { readFileSync } from 'node:fs'

/** What to say when this process, or the machine, may not open one more file; undefined for any other error. */
export function tooManyFiles(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENFILE') return 'error This machine has too many files open (ENFILE).'
  if (code !== 'EMFILE') return undefined
  const limit = /^Max open files\s+(\d+)/m.exec(limits())?.[1]
  const most = limit === undefined ? '' : `; this process may open ${limit}`
  return `error Too many files are open (EMFILE)${most}.\n  Raise the limit: \`ulimit -n 4096\`, or LimitNOFILE= of a unit of systemd. A run needs about two for each device at work.`
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
