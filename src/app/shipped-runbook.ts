import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The file of a runbook that comes with the package, by its name; none where no such one comes with it. */
export function shippedRunbook(name: string): string | undefined {
  // As far from the package's folder as what is built of this.
  const file = fileURLToPath(new URL(`../../runbooks/${name}.yaml`, import.meta.url))
  return existsSync(file) ? file : undefined
}
