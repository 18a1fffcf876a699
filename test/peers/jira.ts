import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Issue {
  readonly key: string
  readonly fields: Readonly<Record<string, unknown>> & { readonly labels: readonly string[] }
  readonly properties: readonly unknown[]
  readonly comments: string[]
  readonly madeAt: number
  status: 'new' | 'done'
}

/** What becomes of a request: nothing; it is done and its answer is lost; it is done and something between us says 502; it is refused for now. */
export type Mishap = 'none' | 'before' | 'after' | '502' | '429' | '503' | 'garbage'

/**
 * The part of Jira that issues are made by, as its documentation says it: no key by which a request is done once, and a search
 * that sees what was made only after a while.
 */
export class Jira {
  readonly issues: Issue[] = []
  readonly requests: string[] = []
  mishap: (what: string) => Mishap = () => 'none'
  indexMs = 0
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response))

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const [path = ''] = (request.url ?? '').split('?')
    const what = `${request.method} ${path.replace(/^\/rest\/api\/\d\//, '').replace(/issue\/[^/]+/, 'issue/KEY')}`
    this.requests.push(what)
    const mishap = this.mishap(what)
    if (mishap === 'before') return void request.socket.destroy()
    if (mishap === '429' || mishap === '503') {
      response.writeHead(Number(mishap), { 'retry-after': '0' }).end('{}')
      return
    }
    const isCloud = path.startsWith('/rest/api/3/')
    const [status, body] = this.#do(what, { path, isCloud, body: text === '' ? {} : JSON.parse(text) })
    if (mishap === 'after') return void request.socket.destroy()
    if (mishap === '502') return void response.writeHead(502).end('<html>Bad Gateway</html>')
    if (mishap === 'garbage') return void response.writeHead(status).end('<html>')
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(body === undefined ? undefined : JSON.stringify(body))
  }

  #do(
    what: string,
    // biome-ignore lint/suspicious/noExplicitAny: bodies are what their sender made them
    { path, isCloud, body }: { path: string; isCloud: boolean; body: any },
  ): readonly [number, unknown?] {
    const issue = this.issues.find(({ key }) => path.split('/').includes(key))
    const isText = (text: unknown): boolean =>
      isCloud ? (text as { type?: string })?.type === 'doc' : typeof text === 'string'
    switch (what) {
      case 'POST issue': {
        const { summary, description, labels = [] } = body.fields ?? {}
        if (!isText(description))
          return [400, { errors: { description: 'Operation value must be an Atlassian Document' } }]
        if (summary.length > 255 || labels.some((label: string) => label.includes(' ')))
          return [400, { errors: { summary: 'x' } }]
        const key = `${body.fields.project.key}-${this.issues.length + 1}`
        const made = {
          key,
          fields: body.fields,
          properties: body.properties,
          comments: [],
          madeAt: Date.now(),
          status: 'new' as const,
        }
        this.issues.push(made)
        return [201, { id: String(this.issues.length), key, self: '' }]
      }
      case 'POST search/jql':
      case 'POST search': {
        if (what === 'POST search' && isCloud) return [410, { errorMessages: ['The requested API has been removed.'] }]
        const label = /labels = "([^"]+)"/.exec(body.jql)?.[1] ?? ''
        const seen = this.issues.filter(({ madeAt }) => madeAt <= Date.now() - this.indexMs)
        return [
          200,
          {
            issues: seen.filter(({ fields }) => fields.labels.includes(label)).map(({ key }) => ({ key, fields: {} })),
            isLast: true,
          },
        ]
      }
      case 'GET issue/KEY/comment':
        return [200, { comments: issue?.comments.map((text) => ({ body: JSON.parse(text) })) }]
      case 'POST issue/KEY/comment':
        if (!isText(body.body)) return [400, {}]
        issue?.comments.push(JSON.stringify(body.body))
        return [201, { id: '1' }]
      case 'GET issue/KEY':
        return [200, { fields: { status: { statusCategory: { key: issue?.status } } } }]
      case 'GET issue/KEY/transitions':
        return [200, { transitions: [{ id: '11', name: 'Done' }] }]
      case 'POST issue/KEY/transitions':
        if (issue) issue.status = 'done'
        return [204]
      default:
        return [404, {}]
    }
  }
}
