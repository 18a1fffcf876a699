import { machineLoad } from './machine-load.ts'

/**
 * Does something while this machine is looked at, and says whether it was overloaded for most of that time: so much that
 * deadlines, which are longer then, do not make up for it.
 */
export async function watchingLoad<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly overloaded: boolean }> {
  const unwatch = machineLoad.watch()
  const [began, before] = [performance.now(), machineLoad.hopelessMs]
  try {
    const value = await work()
    return { value, overloaded: machineLoad.hopelessMs - before > (performance.now() - began) / 2 }
  } finally {
    unwatch()
  }
}
