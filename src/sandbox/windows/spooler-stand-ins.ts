import { json, type StandIn, Stop } from './answering.ts'

const SPOOLER = 'spooler'
const PRINTING = 0x10

const observe: StandIn = (machine) => {
  const service = machine.service(SPOOLER)
  if (!service) return json({ exists: false, running: false, queues: [] })
  const running = service.status === 'Running'
  const now = Date.now()
  const queues = Object.entries(machine.state.queues ?? {}).map(([name, { status, jobs }]) => ({
    name,
    status,
    offline: false,
    jobs: jobs.map(({ id, status: bits, at }) => ({
      id,
      status: bits,
      seconds: Math.max(0, Math.round((now - Date.parse(at)) / 1000)),
    })),
  }))
  return json({ exists: true, running, queues: running ? queues : [] })
}

/** What hung in the spooler prints once it has been started anew. */
const converge: StandIn = (machine, given) => {
  const service = machine.service(SPOOLER)
  if (!service) throw new Stop(1, `Cannot find any service with service name '${SPOOLER}'.`)
  const queues = Object.entries(machine.state.queues ?? {})
  const halted = given.number('halted')
  const printing = queues.find(([, { jobs }]) => jobs.some((job) => (job.status & (PRINTING | halted)) === PRINTING))
  if (printing) throw new Stop(75, `Job ${printing[0]}, ${printing[1].jobs[0]?.id} has begun to print.`)
  if (service.start === 4)
    throw new Stop(1, `Service '${service.display} (${service.name})' cannot be started: it is disabled.`)
  const stuck = new Set(given.text('stuck').split(' '))
  machine.change(() => {
    service.status = 'Running'
    for (const [, queue] of queues) queue.jobs = queue.jobs.filter(({ id }) => !stuck.has(String(id)))
  })
  return {}
}

export const SPOOLER_STAND_INS: Readonly<Record<string, StandIn>> = {
  'spooler.observe': observe,
  'spooler.converge': converge,
}
