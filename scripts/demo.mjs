// The main job on a sandbox fleet of Linux and Windows devices: a plan shows drift, apply mends it, the second plan is
// empty. Cleans up after itself.
import { mkdir, readFile } from 'node:fs/promises'
import { $, chalk } from 'zx'

const till = `${import.meta.dirname}/../bin/till`
process.chdir(`${import.meta.dirname}/..`)
const shown = $({ stdio: 'inherit', nothrow: true })
const problems = []

async function step(title, args, expected) {
  console.log(chalk.bold(`\n▶ till ${args.join(' ')}`) + chalk.dim(`   # ${title}`))
  const { exitCode } = await shown`${till} ${args}`
  if (expected.includes(exitCode)) return
  problems.push(`till ${args.join(' ')} ended with exit code ${exitCode}, expected ${expected.join(' or ')}`)
}

const stores = process.env.DEMO_STORES ?? '40'
await mkdir('demo', { recursive: true })
await step('a fleet on this machine, a third of it drifted', ['sandbox', 'up', '--stores', stores, '--drift', '0.33', '--detach'], [0])
try {
  if (problems.length === 0) {
    await step('what would change?', ['plan', 'agent-update', '--sandbox'], [3])
    await step('change it', ['apply', 'agent-update', '--sandbox', '--yes', '--output', 'demo/result.json'], [0])
    await step('nothing is left to change', ['plan', 'agent-update', '--sandbox'], [0])
    await step('another runbook, over SSH on Linux tills and WinRM on Windows tills', ['apply', 'config-validation', '--sandbox', '--yes'], [0])
    await step('what is known of the fleet now', ['status', '--sandbox', '--limit', '8'], [0])
  }
} finally {
  await step('and away with it', ['sandbox', 'down'], [0])
}

if (problems.length > 0) {
  console.error(`\n${chalk.red('The demo did not go as it should:')}\n  ${problems.join('\n  ')}`)
  process.exit(1)
}
const { summary } = JSON.parse(await readFile('demo/result.json', 'utf8'))
const counts = Object.entries(summary.counts).filter(([, count]) => count > 0)
console.log(chalk.green(`\nDone. demo/result.json holds the result: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}.`))
