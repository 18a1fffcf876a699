// What the benchmark set up is taken down in the opposite order: at the end, on an error, and on Ctrl-C.
type Step = () => void | Promise<void>

const steps: Step[] = []
let undoing: Promise<void> | undefined

/** Remembers how something is taken down again. The step must bear that it is already gone. */
export function onEnd(step: Step): void {
  steps.push(step)
}

/** Takes everything down; calling it twice waits for the first. */
export function undoAll(): Promise<void> {
  undoing ??= undo()
  return undoing
}

async function undo(): Promise<void> {
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step()
    } catch (error) {
      process.stderr.write(`bench: could not be taken down: ${error instanceof Error ? error.message : error}\n`)
    }
  }
}

/** Ctrl-C and friends end what is running, take everything down, and then end the process. */
export function undoOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      process.stderr.write(`bench: ${signal}: taking the lab down\n`)
      void undoAll().then(() => process.exit(code))
    })
  }
}
