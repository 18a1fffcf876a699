import type { Context } from 'hono'
import { runSeen } from '../../app/overview/run-view.ts'
import { awaitedLines, readAwaited } from '../../app/run/awaited.ts'
import { abortRun, approveRun, type Word } from '../../app/run/control-run.ts'
import { isHeldWhereItRuns, pauseRun, unpauseRun } from '../../app/run/pause-run.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunSummary } from '../../core/run.ts'
import { ApiRefused, notFound, tried } from './api-refused.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { asked, readJson } from './questions.ts'
import type { Visitor } from './visitor.ts'

type Asked = Context<DashboardEnv>
const LONGEST_WHY = 500
const MOST_AWAITED = 1_000

/** What people may bring about, by their role: each goes the way of the command of that name, under the name of the account. */
export function actionRoutes(app: DashboardApp, dashboard: Dashboard): void {
  app.post('/api/v1/plans', async (context) => {
    const who = await dashboard.visitor(context, 'look')
    const { device, runbook } = await readJson(context, dashboard)
    if (typeof device !== 'string' || typeof runbook !== 'string')
      throw new ApiRefused(400, 'It is {"device": "STORE/DEVICE", "runbook": "NAME"}.')
    const sight = await dashboard.sightOf(who.known)
    if (!sight.picture.devices.has(device)) throw notFound(`device "${device.slice(0, 160)}"`)
    const { plans } = dashboard
    const file = plans.runbook(runbook)
    if (file === undefined) throw new ApiRefused(400, noRunbook(runbook, sight.isWhole ? plans.runbookNames() : []))
    const run = await tried(() => plans.look({ runbook: file, device, by: who.known.account.name }))
    return context.json({ schema: 'till.api-started/1', run }, 202)
  })
  app.get('/api/v1/runs/:run/awaits', async (context) => {
    asked(context, [])
    const { fleet, run } = await runOn(dashboard, context, await dashboard.visitor(context, 'approve'))
    const awaits = awaitedLines(await readAwaited(await dashboard.runs(), { fleet, run: run.run }))
    return context.json({ schema: 'till.api-awaits/1', run: run.run, awaits })
  })
  app.post('/api/v1/runs/:run/approve', async (context) => {
    const who = await dashboard.visitor(context, 'approve')
    const { of, word, awaits } = await wordOn(dashboard, context, who)
    const to = awaits === undefined ? {} : { to: linesOf(awaits) }
    // Who holds a token may be any program: that is not known to be anybody.
    const proof = who.session && ({ kind: 'server' } as const)
    const { isReady } = await tried(async () =>
      approveRun(await dashboard.runs(), of, { ...word, ...to, ...(proof && { proof }) }),
    )
    return context.json({ schema: 'till.api-said/1', run: of.run.run, ready: isReady })
  })
  app.post('/api/v1/runs/:run/pause', async (context) => {
    const who = await dashboard.visitor(context, 'change')
    const { of, word } = await wordOn(dashboard, context, who)
    const known = await tried(async () => pauseRun(await dashboard.runs(), of, word))
    if (known) throw new ApiRefused(409, `It was paused by ${known.by} already: ${known.why}`)
    return context.json({ schema: 'till.api-said/1', run: of.run.run, ready: false })
  })
  app.post('/api/v1/runs/:run/resume', async (context) => {
    const who = await dashboard.visitor(context, 'change')
    const { of, word } = await wordOn(dashboard, context, who)
    // What nobody works on any more is carried on by a process of its own: till resume.
    const store = await dashboard.runs()
    if (!(await isHeldWhereItRuns(store, of)) || !(await unpauseRun(store, of, word.by, word.why)))
      throw new ApiRefused(409, 'Nobody has paused it where it runs. What has no process goes on by till resume.')
    return context.json({ schema: 'till.api-said/1', run: of.run.run, ready: true })
  })
  app.post('/api/v1/runs/:run/abort', async (context) => {
    const who = await dashboard.visitor(context, 'change')
    const { of, word } = await wordOn(dashboard, context, who)
    if (of.run.state === 'finished' && of.run.exit_code === 0) throw new ApiRefused(409, 'The run is over already.')
    await tried(async () => abortRun(await dashboard.runs(), of, word))
    return context.json({ schema: 'till.api-said/1', run: of.run.run, ready: false })
  })
}

/** Which there are is told to those who see everything. */
function noRunbook(name: string, names: readonly string[]): string {
  const told = names.length === 0 ? '' : ` There are ${names.join(', ')}.`
  return `There is no runbook "${name.slice(0, 100)}".${told}`
}

/** What was shown to somebody who approves. */
function linesOf(awaits: unknown): readonly string[] {
  const isList = Array.isArray(awaits) && awaits.length <= MOST_AWAITED
  if (isList && awaits.every((line) => typeof line === 'string')) return awaits
  throw new ApiRefused(400, '"awaits" is the list that GET /api/v1/runs/RUN/awaits tells.')
}

interface RunOf {
  readonly fleet: FleetKey
  readonly run: RunSummary
}

/** A run about which somebody may say something: all of it has to be seen. */
async function runOn(dashboard: Dashboard, context: Asked, { known }: Visitor): Promise<RunOf> {
  const sight = await dashboard.sightOf(known)
  const id = context.req.param('run') ?? ''
  const run = await runSeen(sight, id)
  if (!run) throw notFound(`run "${id.slice(0, 80)}"`)
  if (!sight.isWhole) throw new ApiRefused(403, 'It has devices that this account does not see.')
  return { fleet: await sight.store.fleets.keyOf(sight.fleet), run }
}

/** What somebody says about a run. */
async function wordOn(
  dashboard: Dashboard,
  context: Asked,
  who: Visitor,
): Promise<{ readonly of: RunOf; readonly word: Word; readonly awaits: unknown }> {
  const of = await runOn(dashboard, context, who)
  const { why, awaits } = await readJson(context, dashboard)
  if (typeof why !== 'string' || why.trim() === '' || why.length > LONGEST_WHY)
    throw new ApiRefused(400, `It is {"why": "…"}, of at most ${LONGEST_WHY} characters: it is on record.`)
  return { of, word: { by: who.known.account.name, at: Date.now(), why: why.trim() }, awaits }
}
