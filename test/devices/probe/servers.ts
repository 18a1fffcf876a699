import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server on a port of its own on loopback. */
export interface TestServer {
  readonly port: number
  close(): Promise<void>
}

export const httpServer = (answer: RequestListener): Promise<TestServer> => listening(createHttpServer(answer))

export const httpsServer = (certificate: Certificate, answer: RequestListener): Promise<TestServer> =>
  listening(createHttpsServer({ key: certificate.key, cert: certificate.cert }, answer))

/** What is done with every connection; nothing unless told. */
export const tcpServer = (serve: (socket: Socket) => void = () => undefined): Promise<TestServer> =>
  listening(
    createServer((socket) => {
      socket.on('error', () => undefined)
      serve(socket)
    }),
  )

function listening(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => done())
          }),
      })
    })
  })
}

/** A port that swallows packets: its queue of connections is full, and nobody takes one from it. */
export async function blackHole(address = '127.0.0.1'): Promise<TestServer & { open(): void }> {
  const code =
    'import socket,sys\ns=socket.socket()\ns.bind((sys.argv[1],0))\ns.listen(0)\nprint(s.getsockname()[1],flush=True)\nsys.stdin.readline()\ns.listen(64)\nsys.stdin.read()'
  const { spawn } = await import('node:child_process')
  const child = spawn('/usr/bin/python3', ['-c', code, address], { stdio: ['pipe', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(Number(data))),
  )
  const fillers: Socket[] = []
  // Until one more gets no answer.
  for (let full = false; !full; ) {
    const socket = connect({ host: address, port })
    socket.on('error', () => undefined)
    fillers.push(socket)
    full = await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), 500)
      socket.once('connect', () => {
        clearTimeout(timer)
        resolve(false)
      })
    })
  }
  return {
    port,
    open: () => void child.stdin.write('\n'),
    close: () =>
      new Promise((resolve) => {
        for (const socket of fillers) socket.destroy()
        child.once('exit', () => resolve())
        child.stdin.end()
      }),
  }
}

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  readonly path: string
  remove(): void
}

/** A certificate for 127.0.0.1 that vouches for itself. */
export function selfSigned(subject = 'IP:127.0.0.1'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'till-cert-'))
  const [key, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=till test']
  execFileSync('openssl', [...args, '-addext', `subjectAltName=${subject}`, '-keyout', key, '-out', path], {
    stdio: 'pipe',
  })
  return {
    key: readFileSync(key),
    cert: readFileSync(path),
    path,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
