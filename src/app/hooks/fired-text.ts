import { formatCount } from '../../core/counted.ts'
import type { Episode } from '../../core/episode.ts'
import { EXIT } from '../../core/outcome.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { shortTime } from '../history/list-runs.ts'
import type { Fired, FireProgress } from './fire.ts'
import { leftOutText } from './place-alerts.ts'

/** What became of a payload, for people. */
export function firedText({ worker, alerts, episodes, waiting, left_out }: Fired): string {
  const lost = left_out > 0 ? [leftOutText(left_out)] : []
  const server =
    worker && `Taken in. The server with pid ${worker.pid} on ${worker.host} does the rest: till episodes list`
  if (server) return `${[server, ...lost].join('\n')}\n`
  const unplaced = alerts
    .filter(({ episode }) => episode === null)
    .map(({ alert, state, why }) => `${alert} (${state}): ${why ?? ''}`)
  const placed = episodes.map(({ episode, state, device, store, alert, why, attempts }) => {
    const last = attempts.at(-1)
    const run =
      last?.run == null
        ? ''
        : ` Run ${last.run}: ${last.state ?? 'no end'}${last.why ? `, ${last.why.replace(/\.$/, '')}` : ''}.`
    return `${episode} ${device ?? store ?? ''}, ${alert.name}: ${state}.${why === null ? '' : ` ${why}`}${run}`
  })
  const left = waiting.map(({ episode, until, why }) => {
    return `${episode}: ${why} Until ${shortTime(until)}; it is looked at again when an alert comes in after that.`
  })
  const lines = [...unplaced, ...placed, ...left, ...lost]
  return lines.length === 0 ? 'There is no alert in it.\n' : `${lines.map(plainText).join('\n')}\n`
}

/** Of many that wait for the same, so many are named. */
const MOST_NAMED = 3

/** What is seen to meanwhile, a line each, for people who would otherwise look at a terminal that stands still. */
export function fireProgress(say: (text: string) => void): FireProgress {
  const line = ({ episode, device, store, alert }: Episode, what: string): void =>
    say(`${plainText(`${episode} ${device ?? store ?? ''}, ${alert.name}: ${what}`)}\n`)
  return {
    waits(waiting) {
      for (const { episode, until, why } of waiting.slice(0, MOST_NAMED))
        line(episode, `${why} It is seen to at ${shortTime(new Date(until).toISOString())}.`)
      const more = waiting.length - MOST_NAMED
      if (more > 0) say(`And ${formatCount(more)} more wait.\n`)
    },
    begins: (episode) => line(episode, `repair ${episode.attempts.length} begins.`),
  }
}

/** The exit code of what became of a payload. */
export function firedWell({ worker, alerts, episodes, left_out }: Fired): number {
  if (worker) return left_out > 0 ? EXIT.drift : EXIT.ok
  if (episodes.some(({ attempts, state }) => state !== 'closed' && isBad(attempts.at(-1)?.result))) return EXIT.failed
  const isLost = alerts.some(({ rule, state }) => rule === null && state === 'firing')
  return isLost || left_out > 0 || episodes.some(({ state }) => state === 'needs-people') ? EXIT.drift : EXIT.ok
}

function isBad(result: string | undefined): boolean {
  return result === 'failed' || result === 'doubtful'
}
