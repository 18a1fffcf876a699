/**
 * What a device is given along with every change, so that it can refuse one itself: between the moment in which leave to
 * change was given and the moment in which a program begins there, the controller may have slept, or its line.
 */
export interface Fence {
  /** See `lockNameOf`. */
  readonly lockName: string
  /** Which state store counts the epochs; those of two stores say nothing about each other. Empty: no epochs. */
  readonly authority: string
  readonly run: string
  /** Which try at the device this is within the run, from 1. */
  readonly attempt: number
  /** Goes up with every lease of the device; a device that has seen a higher one refuses. 0: there is none. */
  readonly epoch: number
  /** Milliseconds from now in which a change may still begin: less than what is left of the lease; asked for each change. */
  leftMs(): number
}

/**
 * By what those who work on a device meet on it. On this machine devices of any number of repositories may be, under the same
 * name: there it is that of one state store.
 */
export function lockNameOf(
  device: { readonly name: string; readonly transport: { readonly type: string } },
  storeId: string,
): string {
  return device.transport.type === 'local' && storeId !== '' ? `${device.name}@${storeId}` : device.name
}

/** What of an earlier session a device still ran, or had. */
export interface Leftover {
  /** The run that began it. */
  readonly run: string
  /** For how long, in seconds by the device's own clock. */
  readonly seconds: number
  /**
   * `running`: seen, and left alone. `awaited`: its end was waited for. `ended`: it was ended. `unseen`: the device has no
   * place for a lock of ours, so that it cannot be known.
   */
  readonly state: 'running' | 'awaited' | 'ended' | 'unseen'
}
