import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Target } from '../../src/core/ports.ts'
import { Secret } from '../../src/core/secret.ts'
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

  async function login(behave: typeof answer, password = PASSWORD): Promise<string> {
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
    }
    const result = await transport.connect(target, new AbortController().signal)
    if (result.ok) await result.value.close()
    else expect(JSON.stringify(result.failure).includes(password)).toBe(false)
    return result.ok ? 'connected' : result.failure.code
  }
  const byPassword = (context: ssh2.AuthContext): void => {
    if (context.method === 'password' && context.password === PASSWORD) context.accept()
    else context.reject(['password'])
  }

  test('offers it at once', async () => {
    expect([await login(byPassword), offered]).toEqual(['connected', ['password']])
    expect(await login(byPassword, 'wrong')).toBe('AUTHENTICATE_REFUSED')
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
    expect(
      await login(
        ask([{ prompt: 'Name: ', echo: true }, hidden, { prompt: 'New: ', echo: false }], ['', PASSWORD, '']),
      ),
    ).toBe('connected')
    expect(await login(ask([hidden], ['another']))).toBe('AUTHENTICATE_REFUSED')
  })

  test('does not hang where the password has expired', async () => {
    const expired = (context: ssh2.AuthContext): void => {
      if (context.method === 'password') context.requestChange('Your password has expired.', () => undefined)
      else context.reject(['password'])
    }
    expect(await login(expired)).toBe('AUTHENTICATE_REFUSED')
  })
})
