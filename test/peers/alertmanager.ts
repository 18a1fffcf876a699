import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isThere } from './debian.ts'

export const hasAlertmanager = isThere({
  what: 'tests with an Alertmanager',
  debian: 'prometheus-alertmanager',
  isHere: spawnSync('prometheus-alertmanager', ['--version']).status === 0,
})

/** An Alertmanager of Debian on this machine, that sends all it hears of to one address. */
export class Alertmanager {
  readonly #folder = mkdtempSync(join(tmpdir(), 'till-alertmanager-'))
  #child: ChildProcess | undefined
  url = ''

  async start(to: { readonly url: string; readonly token: string }, port: number): Promise<void> {
    const route = 'receiver: till, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h'
    const webhook = `url: "${to.url}", send_resolved: true, max_alerts: 0, http_config: {authorization: {credentials: ${to.token}}}`
    writeFileSync(
      join(this.#folder, 'am.yml'),
      `route: {${route}}\nreceivers: [{name: till, webhook_configs: [{${webhook}}]}]\n`,
    )
    const args = [
      `--config.file=${this.#folder}/am.yml`,
      `--storage.path=${this.#folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]
    this.#child = spawn('prometheus-alertmanager', args, { stdio: 'ignore' })
    this.url = `http://127.0.0.1:${port}`
    const isReady = (): Promise<boolean> =>
      fetch(`${this.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    while (!(await isReady())) await delay(50)
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${this.url}/api/v2/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text === '' ? undefined : JSON.parse(text)
  }

  async expire(silence: string): Promise<void> {
    await fetch(`${this.url}/api/v2/silence/${silence}`, { method: 'DELETE' })
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child) {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGKILL')) await gone
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
