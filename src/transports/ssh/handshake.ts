import type { Duplex } from 'node:stream'
import type { Client, ConnectConfig } from 'ssh2'
import { type Failure, fail } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { deadline } from '../../load/deadline.ts'
import { type Authentication, authenticationOf } from './authentication.ts'
import { hostKeyAlgorithms, judgeHostKey, noRecordedType, typeOf } from './host-key.ts'
import type { Identity } from './identity.ts'
import type { ShortWays } from './short-ways.ts'
import { isBusy, OwnFault, type SshError, sshFailure, type Trouble } from './ssh-failure.ts'
import { ssh2Library } from './ssh2-library.ts'
import { heedAllAnswers, tuneLogin } from './tune-login.ts'

/** More than this before a banner, and it is no SSH server (RFC 4253, 4.2 allows some lines). */
const GREETING_BYTES = 64 * 1024

export interface HandshakeOptions {
  readonly target: Target
  readonly signal: AbortSignal
  readonly identities: readonly Identity[]
  readonly ways: ShortWays
  /** Collect the host key, of one of `algorithms`, and leave before logging in. */
  readonly scan?: { readonly algorithms: string[]; readonly found: (blob: Buffer) => void }
}

/** A client that is logged in, or at least identified, and the stream under it. */
export interface Handshaken {
  readonly client: Client
  readonly socket: Duplex
  /** What the server calls itself: `SSH-2.0-OpenSSH_9.2p1`. */
  readonly banner: string
  /** It let us in by a password or by answers to its questions. */
  readonly byPassword: boolean
}

/** How a handshake ended; when badly, whether trying again may help. */
export type HandshakeEnd =
  | { readonly ok: true; readonly value: Handshaken }
  | { readonly ok: false; readonly failure: Failure; readonly busy: boolean }

/** Identify and authenticate over an open stream, each phase within its deadline from when it begins. */
export function handshake(socket: Duplex, options: HandshakeOptions): Promise<HandshakeEnd> {
  return new Promise((resolve) => new Handshake(socket, options, resolve).start())
}

class Handshake {
  readonly #socket: Duplex
  readonly #options: HandshakeOptions
  readonly #client: Client = new (ssh2Library().Client)()
  readonly #authentication: Authentication
  readonly #resolve: (end: HandshakeEnd) => void
  #phase: 'identify' | 'authenticate' = 'identify'
  #heard = ''
  #identified = false
  #verdict: Failure | undefined
  #error: SshError | undefined
  #expiredPassword = false
  /** What it had to say to the user who logs in, its last word. */
  #toldUser = ''
  /** It ended the connection itself, in order. */
  #hungUp = false
  #isOver = false
  #callOff: () => void = () => undefined

  constructor(socket: Duplex, options: HandshakeOptions, resolve: (end: HandshakeEnd) => void) {
    this.#socket = socket
    this.#options = options
    this.#resolve = resolve
    this.#authentication = authenticationOf(options.target, options.identities)
  }

  start(): void {
    const { target, signal, identities, ways } = this.#options
    const client = this.#client
    if (signal.aborted) {
      this.#fail({ cancelled: true })
      return
    }
    signal.addEventListener('abort', this.#cancel, { once: true })
    if (this.#socket.destroyed) {
      // It broke between being made and being used, and will not say so again.
      this.#error = this.#socket.errored ? Object.assign(this.#socket.errored, { level: 'client-socket' }) : undefined
      this.#fail({})
      return
    }
    this.#arm()
    client.on('error', (error) => this.#onError(error))
    client.on('banner', (text) => {
      this.#toldUser = text
    })
    this.#socket.once('end', () => {
      this.#hungUp = true
    })
    client.once('close', () => this.#fail({}))
    client.once('handshake', () => this.#onIdentified())
    client.once('ready', () => {
      heedAllAnswers(client, this.#socket)
      this.#succeed()
    })
    client.on('change password', () => {
      this.#expiredPassword = true
      this.#refuse(`${target.user}'s password has expired`)
    })
    try {
      client.connect(this.#config())
      tuneLogin(client, identities, ways)
    } catch (error) {
      this.#error = new OwnFault(error)
      this.#fail({})
      return
    }
    this.#socket.on('data', this.#listen)
  }

  #config(): ConnectConfig {
    const { target, scan } = this.#options
    const algorithms = scan?.algorithms ?? hostKeyAlgorithms(target.hostKeys.map(typeOf))
    return {
      sock: this.#socket,
      username: target.user,
      ident: 'tillwright',
      // Phases have deadlines of their own.
      readyTimeout: 0,
      keepaliveInterval: target.keepAliveMs,
      keepaliveCountMax: 3,
      authHandler: this.#authentication.handler,
      ...(algorithms && { algorithms: { serverHostKey: algorithms as never } }),
      hostVerifier: (blob: Buffer): boolean => {
        if (scan) {
          scan.found(blob)
          return true
        }
        this.#verdict = judgeHostKey(target, blob)
        return this.#verdict === undefined
      },
    }
  }

  /** Looks at what comes before the banner, which the library swallows or takes without end. */
  readonly #listen = (chunk: Buffer): void => {
    this.#heard += chunk.toString('latin1')
    this.#identified = /(^|\n)SSH-(2\.0|1\.99)-/.test(this.#heard)
    if (/(^|\n)SSH-.*\n/.test(this.#heard)) this.#socket.off('data', this.#listen)
    else if (this.#heard.length > GREETING_BYTES) this.#fail({})
  }

  readonly #cancel = (): void => this.#fail({ cancelled: true })

  #onIdentified(): void {
    this.#identified = true
    if (this.#options.scan) {
      // Before the library goes on to log in.
      this.#socket.destroy()
      this.#succeed()
      return
    }
    this.#phase = 'authenticate'
    this.#arm()
  }

  /** An agent or a key that fails is not the end: the library goes on to the next way. */
  #onError(error: SshError): void {
    if (this.#isOver || error.level === 'agent') return
    this.#error ??= error
    if (error.level === 'client-authentication' && /sign/i.test(error.message)) return
    this.#fail({})
  }

  #succeed(): void {
    const banner = /^SSH-.*$/m.exec(this.#heard)?.[0] ?? ''
    const byPassword = /^(password|keyboard-interactive)$/.test(this.#authentication.tried.at(-1) ?? '')
    this.#finish({ ok: true, value: { client: this.#client, socket: this.#socket, banner, byPassword } })
  }

  #refuse(message: string): void {
    this.#error = Object.assign(new Error(message), { level: 'client-authentication' })
    this.#fail({})
  }

  #arm(): void {
    this.#callOff()
    this.#callOff = deadline(this.#options.target.deadlines[this.#phase], () => this.#fail({ expired: true }))
  }

  #fail(more: Pick<Trouble, 'cancelled' | 'expired'>): void {
    if (this.#isOver) return
    const { target, scan } = this.#options
    const error = this.#error
    if (!scan && target.hostKeys.length > 0 && /no matching host key/i.test(error?.message ?? '')) {
      this.#verdict ??= noRecordedType(target)
    }
    const trouble: Trouble = {
      target,
      phase: this.#phase,
      verdict: this.#verdict,
      error,
      heard: this.#heard,
      identified: this.#identified,
      tried: this.#authentication.tried,
      accepts: this.#authentication.accepts(),
      unanswered: this.#authentication.unanswered(),
      expiredPassword: this.#expiredPassword,
      toldUser: this.#toldUser,
      hungUp: this.#hungUp,
      accepted: this.#authentication.accepted(),
      ...more,
    }
    this.#finish({ ...fail(sshFailure(trouble)), busy: isBusy(trouble) })
    this.#socket.destroy()
  }

  #finish(end: HandshakeEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#callOff()
    this.#socket.off('data', this.#listen)
    this.#options.signal.removeEventListener('abort', this.#cancel)
    this.#resolve(end)
  }
}
