import { machineLoad } from './machine-load.ts'

/**
 * A deadline in milliseconds; returns what calls it off. Time in which this machine was overloaded counts as less. When it
 * passes, what has already arrived is looked at first: on a busy controller a timer is often due together with the answer
 * that it waits for.
 */
export function deadline(ms: number, expire: () => void): () => void {
  const unwatch = machineLoad.watch()
  const began = machineLoad.elapsed()
  let immediate: NodeJS.Immediate | undefined
  const check = (): void => {
    const left = ms - (machineLoad.elapsed() - began)
    if (left >= 1) timer = setTimeout(check, left)
    else {
      unwatch()
      immediate = setImmediate(expire)
    }
  }
  let timer = setTimeout(check, ms)
  return () => {
    unwatch()
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
