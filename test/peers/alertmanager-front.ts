import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { freePort } from './free-port.ts'

/** Stands before an Alertmanager: hands on what it is asked, unless a test has it fail, and keeps count. */
export class AlertmanagerFront {
  /** What was asked, as `GET status`. */
  readonly asked: string[] = []
  /** How it treats a request, by method and path as in `asked`; undefined: it hands it on. */
  fault: (asked: string) => 'hangs' | 'refuses' | undefined = () => undefined
  /** For how long the Alertmanager says that it has been up, beyond what is so. */
  olderMs = 3_600_000
  url = ''
  #server: Server | undefined

  async start(behind: string): Promise<void> {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    this.#server = createServer(async (request, response) => {
      const asked = `${request.method} ${(request.url ?? '').replace('/api/v2/', '')}`
      this.asked.push(asked)
      const fault = this.fault(asked)
      if (fault === 'hangs') return
      if (fault === 'refuses') return response.writeHead(503).end()
      const body = await text(request)
      const headers = { 'content-type': request.headers['content-type'] ?? '' }
      const options = { method: request.method ?? 'GET', headers, ...(body && { body }) }
      const answer = await fetch(`${behind}${request.url}`, options).catch(() => undefined)
      if (!answer) return response.destroy()
      const said = (await answer.text()).replace(/(?<="uptime":")[^"]+/, (uptime) => {
        return new Date(Date.parse(uptime) - this.olderMs).toISOString()
      })
      return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(said)
    })
    await new Promise<void>((resolve) => this.#server?.listen(port, '127.0.0.1', resolve))
  }

  stop(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }
}
