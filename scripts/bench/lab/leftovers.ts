import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { system } from './namespace.ts'
import { removeUser } from './remove-user.ts'

// Namespaces, users and folders carry the id of the process that made them. After kill -9 nobody takes them down: the next
// benchmark does. Their programs are gone by then, since they die with their parent.

/** Takes down what benchmarks that are no longer running have left; returns what it was. */
export function removeLeftovers(): readonly string[] {
  const namespaces = entries('/run/netns', /^tillbench-(\d+)-\d+$/)
  const users = dead(readFileSync('/etc/passwd', 'utf8').match(/^tillbench\d+(?=:)/gm) ?? [], /(\d+)$/)
  const homes = entries('/var/lib', /^tillbench(\d+)$/)
  const folders = entries(tmpdir(), /^till-bench-(\d+)-/)
  for (const name of namespaces) system('ip', 'netns', 'delete', name)
  for (const name of users) removeUser(name)
  for (const name of homes) rmSync(join('/var/lib', name), { recursive: true, force: true })
  for (const name of folders) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  return [...namespaces, ...users, ...folders]
}

function entries(folder: string, pattern: RegExp): readonly string[] {
  return existsSync(folder) ? dead(readdirSync(folder), pattern) : []
}

/** Of names, those whose process is gone. */
function dead(names: readonly string[], pattern: RegExp): readonly string[] {
  return names.filter((name) => {
    const pid = pattern.exec(name)?.[1]
    return pid !== undefined && !existsSync(`/proc/${pid}`)
  })
}
