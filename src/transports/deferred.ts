import type { Transport } from '../core/transport.ts'

/** A transport that is loaded when a device is first reached by it: not every run pays for its libraries. */
export function deferredTransport(name: string, load: () => Promise<Transport>): Transport {
  let loading: Promise<Transport> | undefined
  return {
    name,
    async connect(target, signal) {
      loading ??= load()
      return (await loading).connect(target, signal)
    },
    async identify(target, signal) {
      loading ??= load()
      const { identify } = await loading
      if (!identify) throw new Error(`The transport "${name}" has no question for what is there.`)
      return identify(target, signal)
    },
    async drained() {
      await (await loading)?.drained?.()
    },
  }
}
