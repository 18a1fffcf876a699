interface Stoppable {
  stop(): Promise<void>
  hurry(): void
  reload(): Promise<void>
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Sees a server through in this process: the first signal stops it, the next ones hurry it, SIGHUP has it read everything anew. */
export async function stopped(server: Stoppable): Promise<void> {
  const reload = (): void => void server.reload().catch((error) => process.stderr.write(`${String(error)}\n`))
  process.on('SIGHUP', reload)
  let hurry: (() => void) | undefined
  await new Promise<void>((resolve) => {
    const first = (): void => {
      for (const signal of SIGNALS) process.off(signal, first)
      hurry = () => server.hurry()
      for (const signal of SIGNALS) process.on(signal, hurry)
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, first)
  })
  await server.stop()
  process.off('SIGHUP', reload)
  for (const signal of SIGNALS) if (hurry) process.off(signal, hurry)
}
