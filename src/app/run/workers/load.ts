/** What is known of a run when it is asked whether another thread would help. */
export interface Load {
  /** Threads that work on devices, this one included, and how many there may be. */
  readonly threads: number
  readonly most: number
  /** Share of the time in which the event loop of the idlest of them was busy; 0 to 1. */
  readonly busy: number
  /** Processors that this process used, all threads together. */
  readonly processors: number
  /** Devices that have not begun. */
  readonly left: number
  /** Devices that ended in a second. */
  readonly rate: number
}

const BUSY = 0.85
/** Where servers on the same machine want the processors too, a thread that is always busy gets less than one. */
const OWN_PROCESSOR = 0.8
/** A thread costs a quarter of a second to start, and a second until its code is compiled. */
const WORTH_IT_S = 1.5

/** Whether another thread would end the run sooner: processors are what it waits for, and there is enough left to do. */
export function wantsThread({ threads, most, busy, processors, left, rate }: Load): boolean {
  if (threads >= most || busy < BUSY || processors < OWN_PROCESSOR * threads) return false
  return rate > 0 && left / rate >= WORTH_IT_S
}

/** Measures this process between two looks at it. */
export class LoadMeter {
  #at = performance.now()
  #cpu = process.cpuUsage()
  #loop = performance.eventLoopUtilization()

  /** Since the last time: seconds, processors used, and how busy this thread's event loop was. */
  measure(): { readonly seconds: number; readonly processors: number; readonly busy: number } {
    const [at, cpu, loop] = [performance.now(), process.cpuUsage(this.#cpu), performance.eventLoopUtilization()]
    const seconds = (at - this.#at) / 1_000
    const { utilization: busy } = performance.eventLoopUtilization(loop, this.#loop)
    this.#at = at
    this.#cpu = process.cpuUsage()
    this.#loop = loop
    return { seconds, processors: (cpu.user + cpu.system) / 1e6 / seconds, busy }
  }
}
