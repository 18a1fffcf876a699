import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The few answers of GitLab's API that pipelines of ours ask for. */
export interface ImitatedGitlab {
  readonly api: string
  /** Comments of the one merge request, as they were posted. */
  readonly notes: readonly string[]
  /** Which merge request brought a commit. */
  readonly brought: Map<string, number>
  /** Files that the plan job of the merge request left. */
  readonly artifacts: Map<string, Buffer>
  stop(): Promise<void>
}

/** Starts it; who has no token is let in nowhere. */
export async function startGitlab(token: string): Promise<ImitatedGitlab> {
  const notes: string[] = []
  const brought = new Map<string, number>()
  const artifacts = new Map<string, Buffer>()
  const server = createServer((request, response) => {
    const reply = (status: number, body: string | Buffer = ''): void => void response.writeHead(status).end(body)
    const path = (request.url ?? '').replace('/api/v4/projects/1', '')
    const [, commit] = /^\/repository\/commits\/([0-9a-f]+)\/merge_requests$/.exec(path) ?? []
    const [, file = ''] =
      /^\/jobs\/artifacts\/refs%2Fmerge-requests%2F7%2Fhead\/raw\/([^?]+)\?job=plan$/.exec(path) ?? []
    const found = artifacts.get(file)
    if (request.headers['private-token'] !== token) reply(401)
    else if (request.method === 'POST' && path === '/merge_requests/7/notes')
      void textOf(request).then((text) => {
        notes.push(new URLSearchParams(text).get('body') ?? '')
        reply(201, '{}')
      })
    else if (commit !== undefined) {
      const iid = brought.get(commit)
      reply(200, JSON.stringify(iid === undefined ? [] : [{ iid }]))
    } else if (found) reply(200, found)
    else reply(404)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { api, notes, brought, artifacts, stop }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
