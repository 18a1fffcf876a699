import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Target } from '../../src/core/transport.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { type FaultyServer, startFaulty } from '../peers/faulty-server.ts'
import { localTarget } from '../peers/targets.ts'

const PASSWORD = 'correct horse $\'" ł'
const transport = sshTransport(createHandshakeGate(4))
const host = ssh2.utils.generateKeyPairSync('ed25519')

describe('logging in with a password', () => {
  let server: FaultyServer
  let answer: (context: ssh2.AuthContext) => void
  const offered: string[] = []

  beforeAll(async () => {
    server = await startFaulty('127.0.7.12', (socket) => {
      const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
        client.on('error', () => undefined)
        client.on('authentication', (context) => {
          offered.push(context.method)
          answer(context)
        })
      })
      ssh.injectSocket(socket)
    })
  })
  afterAll(() => server.stop())

  async function attempt(behave: typeof answer, password: string, more: Partial<Target> = {}) {
    answer = behave
    offered.length = 0
    const target: Target = {
      ...localTarget(),
      type: 'ssh',
      address: server.address,
      port: server.port,
      user: 'till',
      password: new Secret(password),
      hostKeys: [host.public.split(' ').slice(0, 2).join(' ')],
      ...more,
    }
    const result = await transport.connect(target, new AbortController().signal)
    if (result.ok) await result.value.close()
    else expect(JSON.stringify(result.failure).includes(password)).toBe(false)
    return result
  }
  async function login(behave: typeof answer, password = PASSWORD, more: Partial<Target> = {}): Promise<string> {
    const result = await attempt(behave, password, more)
    return result.ok ? 'connected' : result.failure.code
  }
  async function failing(behave: typeof answer): Promise<Failure> {
    const result = await attempt(behave, PASSWORD)
    if (result.ok) throw new Error('It connected.')
    return result.failure
  }
  const byPassword = (context: ssh2.AuthContext): void => {
    if (context.method === 'password' && context.password === PASSWORD) context.accept()
    else context.reject(['password'])
  }

  test('offers it at once', async () => {
    expect([await login(byPassword), offered]).toEqual(['connected', ['password']])
    expect(await login(byPassword, 'wrong')).toBe('AUTHENTICATE_REFUSED')
  })

  test('offers one that was refused in one way only, so that the account has one failure', async () => {
    const seen: string[] = []
    const both = (context: ssh2.AuthContext): void => {
      if (context.method === 'password') seen.push(context.password)
      const refuse = (): void => context.reject(['password', 'keyboard-interactive'])
      if (context.method !== 'keyboard-interactive') refuse()
      else {
        context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
          seen.push(...answers)
          refuse()
        })
      }
    }
    expect([await login(both, 'wrong'), seen]).toEqual(['AUTHENTICATE_REFUSED', ['wrong']])
    // Whoever describes the questions has a device that asks for more than a password.
    seen.length = 0
    const prompts = [{ match: 'code', answer: new Secret('123456') }]
    expect([await login(both, 'right', { prompts }), seen]).toEqual(['AUTHENTICATE_REFUSED', ['right', 'right']])
  })

  test('offers nothing more to a device that accepts nothing more', async () => {
    const key = ssh2.utils.generateKeyPairSync('ed25519')
    const none = (context: ssh2.AuthContext): void => context.reject([])
    const keys = [{ origin: 'key', content: new Secret(key.private) }]
    expect([await login(none, PASSWORD, { keys }), offered]).toEqual(['AUTHENTICATE_REFUSED', ['publickey']])
  })

  test.each([
    ['publickey', 'password'],
    ['password', 'publickey'],
  ] as const)('logs in where the device wants a %s and a %s, in this order', async (first, second) => {
    const key = ssh2.utils.generateKeyPairSync('ed25519')
    let isHalf = false
    const inOrder = (context: ssh2.AuthContext): void => {
      const wanted = isHalf ? second : first
      const isRight = context.method === 'publickey' || (context.method === 'password' && context.password === PASSWORD)
      // A key is asked about before it is proved.
      const isQuestion = context.method === 'publickey' && context.signature === undefined
      if (context.method !== wanted || !isRight) context.reject([wanted])
      else if (isHalf || isQuestion) context.accept()
      else {
        isHalf = true
        context.reject([second], true)
      }
    }
    const identity = { origin: 'key', content: new Secret(key.private) }
    expect(await login(inOrder, PASSWORD, { keys: [identity] })).toBe('connected')
  })

  test('answers the hidden prompt of keyboard-interactive, once', async () => {
    const ask = (prompts: ssh2.Prompt[], expected: string[]) => (context: ssh2.AuthContext) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt(prompts, (answers) => {
        if (JSON.stringify(answers) === JSON.stringify(expected)) context.accept()
        else context.reject(['keyboard-interactive'])
      })
    }
    const hidden = { prompt: 'Password: ', echo: false }
    expect(await login(ask([hidden], [PASSWORD]))).toBe('connected')
    expect(await login(ask([hidden], ['another']))).toBe('AUTHENTICATE_REFUSED')
  })

  const inTurn =
    (...turns: { prompt: string; echo?: boolean; expected: string }[]) =>
    (context: ssh2.AuthContext) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      const next = (index: number): void => {
        const turn = turns[index]
        if (!turn) {
          context.accept()
          return
        }
        context.prompt([{ prompt: turn.prompt, echo: turn.echo ?? false }], ([answer]) => {
          if (answer === turn.expected) next(index + 1)
          else context.reject(['keyboard-interactive'])
        })
      }
      next(0)
    }

  test('answers several questions, together or in turn, from secrets', async () => {
    const prompts = [
      { match: 'kasa', answer: new Secret('17') },
      { match: '^pin', answer: new Secret('2468') },
    ]
    const questions = inTurn(
      { prompt: 'Numer kasy / kasa: ', echo: true, expected: '17' },
      { prompt: 'Password: ', expected: PASSWORD },
      { prompt: 'PIN: ', expected: '2468' },
    )
    expect(await login(questions, PASSWORD, { prompts })).toBe('connected')
    expect(await login(questions, PASSWORD)).toBe('AUTHENTICATE_PROMPT_UNANSWERED')
  })

  test('says that a one-time code is for people, and does not offer the password for one', async () => {
    const answers: string[] = []
    const code = (context: ssh2.AuthContext) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
      context.prompt([{ prompt: 'Verification code: ', echo: false }], (given) => {
        answers.push(...given)
        context.reject([])
      })
    }
    const failure = await failing(code)
    expect(failure.code).toBe('AUTHENTICATE_PROMPT_UNANSWERED')
    expect(failure.message).toContain('asks for a one-time code, which only a person has: "Verification code:"')
    expect(answers).toEqual([''])
  })

  test('says that the password has expired, by either way of telling so', async () => {
    const byChange = (context: ssh2.AuthContext): void => {
      if (context.method === 'password') context.requestChange('Your password has expired.', () => undefined)
      else context.reject(['password'])
    }
    expect(await login(byChange)).toBe('PASSWORD_EXPIRED')
    const byPrompt = inTurn(
      { prompt: 'Password: ', expected: PASSWORD },
      { prompt: 'New password: ', expected: 'something else' },
    )
    expect(await login(byPrompt)).toBe('PASSWORD_EXPIRED')
  })
})
