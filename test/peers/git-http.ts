import { execFileSync, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** How a server of git answers. */
export type GitHttpMode =
  | 'good'
  /** Takes the connection and says nothing. */
  | 'hangs'
  /** Sends a byte now and then. */
  | 'drips'
  /** Tells the refs of the first repository, and sends the objects of the second one. */
  | 'swaps'
  /** Ends in the middle of the pack. */
  | 'truncates'
  /** Flips a bit in the middle of the pack. */
  | 'corrupts'
  /** Sends the client elsewhere. */
  | 'redirects'
  /** Asks for a name and a password, as nginx with auth_basic does, and takes none. */
  | 'asks'
  /** Is a proxy that wants people to sign in first: a page, and 200. */
  | 'signs-in'

export interface GitHttpServer {
  readonly url: string
  mode: GitHttpMode
  stop(): Promise<void>
}

/** git-http-backend of this machine behind a server of Node.js, that can be told to do what bad ones do. */
export async function startGitHttp(repository: string, other: string): Promise<GitHttpServer> {
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend')
  const state: { mode: GitHttpMode } = { mode: 'good' }
  const server = createServer((request, response) => {
    if (state.mode === 'hangs') return
    if (state.mode === 'redirects') {
      response.writeHead(302, { location: `${url}/other${request.url}` }).end()
      return
    }
    if (state.mode === 'asks') {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    if (state.mode === 'signs-in') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
      return
    }
    const isPack = request.method === 'POST'
    void bodyOf(request).then(async (body) => {
      const root = state.mode === 'swaps' && body.includes('command=fetch') ? other : repository
      send(response, isPack ? state.mode : 'good', await runBackend(backend, { root, request, body }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    get mode() {
      return state.mode
    },
    set mode(mode) {
      state.mode = mode
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  readonly head: Readonly<Record<string, string>>
  readonly status: number
  readonly body: Buffer
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** One request by CGI. */
async function runBackend(
  backend: string,
  { root, request, body }: { readonly root: string; readonly request: IncomingMessage; readonly body: Buffer },
): Promise<Answer> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROJECT_ROOT: root,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_ADDR: '127.0.0.1',
  }
  const child = spawn(backend, { env, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined).end(body)
  const parts: Buffer[] = []
  for await (const part of child.stdout) parts.push(part as Buffer)
  const all = Buffer.concat(parts)
  const end = all.indexOf('\r\n\r\n')
  const head = Object.fromEntries(
    all
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const { status = '200', ...others } = head
  return { head: others, status: Number.parseInt(status, 10), body: all.subarray(end + 4) }
}

function send(response: ServerResponse, mode: GitHttpMode, { head, status, body }: Answer): void {
  // Of a fetch the first answers are a few lines; objects come in the one that holds a pack.
  const pack = body.indexOf('PACK')
  response.writeHead(status, head)
  if (mode === 'drips') {
    let at = 0
    const timer = setInterval(() => {
      if (response.destroyed || at >= body.length) clearInterval(timer)
      else response.write(body.subarray(at, ++at))
    }, 50)
    response.on('close', () => clearInterval(timer))
  } else if (mode === 'truncates' && pack >= 0) {
    response.write(body.subarray(0, pack + Math.floor((body.length - pack) / 2)), () => response.destroy())
  } else if (mode === 'corrupts' && pack >= 0) {
    const damaged = Buffer.from(body)
    const at = pack + Math.floor((body.length - pack) / 2)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    response.end(damaged)
  } else response.end(body)
}
