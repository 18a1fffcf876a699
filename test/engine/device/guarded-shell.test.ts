import { describe, expect, it } from 'vitest'
import { type ChainLink, type DeviceShell, Fenced, NotRun } from '../../../src/core/chain.ts'
import type { ShellAnswer, ShellRequest } from '../../../src/core/channel.ts'
import { SessionLost } from '../../../src/core/failure.ts'
import type { Guard } from '../../../src/core/guard.ts'
import { type GuardCheck, GuardClosed, GuardedShell } from '../../../src/engine/device/guarded-shell.ts'

const LOST = new SessionLost({ code: 'LEASE_LOST', phase: 'observe', message: 'the line is gone' })
const LOOK: ShellRequest = { script: 'look' }
const CHANGE: ShellRequest = { script: 'change', begins: true }

function answer(text: string): ShellAnswer {
  const bytes = new TextEncoder().encode(text)
  return {
    ...{ exitCode: 0, stdout: bytes, stderr: new Uint8Array(), text, errorText: '' },
    ...{ truncated: false, timedOut: false, durationMs: 1 },
  }
}

/** Writes down what it was asked; what a script answers, or fails with, can be set. */
function shellOf(says: Record<string, string | Error> = {}) {
  const asked: string[] = []
  const chains: (readonly ChainLink[])[] = []
  const one = async ({ script }: ShellRequest): Promise<ShellAnswer> => {
    asked.push(script)
    const said = says[script] ?? 'free'
    if (said instanceof Error) throw said
    return answer(said)
  }
  const shell: DeviceShell = {
    kind: 'shell',
    dialect: 'posix',
    ask: one,
    upload: async () => one({ script: 'upload' }),
    chain: (links) => {
      chains.push(links)
      return links.map(({ request }) => one(request))
    },
  }
  return { shell, asked, chains, says }
}

function checkOf(name: string, ask: Guard['ask'] = 'device', more: Partial<GuardCheck> = {}): GuardCheck {
  return {
    guard: { name, says: 'a receipt is open', ask, test: { type: 'logged-in' }, lookAgainMs: 1_000 },
    question: () => ({ script: name }),
    read: ({ text }) => ({ guard: name, says: text === 'free' ? 'free' : 'busy' }),
    ...more,
  }
}

describe('a shell with guards', () => {
  it('asks the device in the same chain, and goes on only where it answers as it did when it was free', async () => {
    const device = shellOf()
    const guarded = new GuardedShell(device.shell, [checkOf('receipt')], undefined)
    expect(await guarded.look()).toEqual([{ guard: 'receipt', says: 'free' }])
    await guarded.ask(CHANGE)
    expect(device.chains).toEqual([
      [
        { request: { script: 'receipt' }, gate: { kind: 'same', as: expect.objectContaining({ text: 'free' }) } },
        { request: CHANGE },
      ],
    ])
  })

  it('asks without guards what changes nothing', async () => {
    const device = shellOf()
    await new GuardedShell(device.shell, [checkOf('receipt')], undefined).ask(LOOK)
    expect([device.asked, device.chains]).toEqual([['look'], []])
  })

  it('puts guards before each change of a chain, and what depends on a link still depends on the same one', async () => {
    const device = shellOf()
    const guarded = new GuardedShell(device.shell, [checkOf('receipt')], undefined)
    await guarded.look()
    const answers = guarded.chain([
      { request: CHANGE, gate: { kind: 'exit', codes: [0] } },
      { request: LOOK, run: 'always' },
      { request: { script: 'undo' }, run: { brokenBy: 0 } },
    ])
    expect((await Promise.all(answers)).length).toBe(3)
    const [links] = device.chains
    expect(links?.map(({ request, run }) => [request.script, run])).toEqual([
      ['receipt', undefined],
      ['change', undefined],
      ['look', 'always'],
      ['undo', { brokenBy: 1 }],
    ])
  })

  it('begins no change of a device whose guard was not free', async () => {
    const device = shellOf({ receipt: 'busy' })
    const guarded = new GuardedShell(device.shell, [checkOf('receipt')], undefined)
    expect(await guarded.look()).toEqual([{ guard: 'receipt', says: 'busy' }])
    expect(() => guarded.ask(CHANGE)).toThrow('guard "receipt" was not free')
    expect(device.asked).not.toContain('change')
  })

  it('says that a guard stopped a change only where one did', async () => {
    const why = new NotRun()
    const cases: [Record<string, string | Error>, unknown][] = [
      [{ receipt: why, change: why }, GuardClosed],
      [{ change: why }, why],
      [{ receipt: why, change: new Fenced('late') }, Fenced],
      [{ receipt: LOST, change: LOST }, LOST],
    ]
    for (const [says, error] of cases) {
      const device = shellOf()
      const guarded = new GuardedShell(device.shell, [checkOf('receipt')], undefined)
      await guarded.look()
      Object.assign(device.says, says)
      await expect(guarded.ask(CHANGE)).rejects.toThrow(error as Error)
    }
  })

  it('cannot tell where the guard has no words for the device, or the device hangs on none that could be asked', async () => {
    const mute = checkOf('receipt', 'device', { question: () => undefined })
    const guarded = new GuardedShell(shellOf().shell, [mute, checkOf('printer', 'host')], undefined)
    expect(await guarded.look()).toEqual([
      { guard: 'receipt', says: 'unknown', detail: 'the guard has no script for sh' },
      { guard: 'printer', says: 'unknown', detail: 'the device does not hang on another one that could be asked' },
    ])
  })

  it('cannot tell where the session of the other device is lost, and loses its own with its own', async () => {
    const lost = shellOf({ receipt: LOST }).shell
    const host = new GuardedShell(shellOf().shell, [checkOf('receipt', 'host')], lost)
    expect(await host.look()).toEqual([{ guard: 'receipt', says: 'unknown', detail: 'the line is gone' }])
    await expect(new GuardedShell(lost, [checkOf('receipt')], undefined).look()).rejects.toBe(LOST)
    const bug = shellOf({ receipt: new Error('a bug') }).shell
    await expect(new GuardedShell(shellOf().shell, [checkOf('receipt', 'host')], bug).look()).rejects.toThrow('a bug')
  })

  it('asks another device right before each change, which waits for its word, and nothing passes it', async () => {
    const [device, host] = [shellOf(), shellOf()]
    const guarded = new GuardedShell(device.shell, [checkOf('receipt', 'host')], host.shell)
    await Promise.all([guarded.ask(CHANGE), guarded.ask(LOOK), guarded.upload({} as never, {} as never)])
    expect([host.asked, device.asked]).toEqual([['receipt'], ['change', 'look', 'upload']])
  })

  it('begins no change where the other device is busy, and what was asked behind it goes on', async () => {
    const [device, host] = [shellOf(), shellOf({ receipt: 'busy' })]
    const guarded = new GuardedShell(device.shell, [checkOf('receipt', 'host')], host.shell)
    const [change, look] = await Promise.allSettled([guarded.ask(CHANGE), guarded.ask(LOOK)])
    expect([change, look]).toMatchObject([{ reason: expect.any(GuardClosed) }, { status: 'fulfilled' }])
    expect(device.asked).toEqual(['look'])
  })

  it('sends no chain that would outlast what another device, or an event, said', async () => {
    const here = async () => ({ guard: 'event', says: 'free' }) as const
    const guarded = new GuardedShell(shellOf().shell, [checkOf('event', 'controller', { here })], undefined)
    expect(await guarded.look()).toEqual([{ guard: 'event', says: 'free' }])
    expect(() => guarded.chain([{ request: CHANGE }])).toThrow('would outlast')
  })

  it('hands on to the shell what it does not guard, also to one that has no such thing', async () => {
    const plain = new GuardedShell(shellOf().shell, [], undefined)
    await plain.renew()
    plain.breakChain()
    expect(plain.leftovers()).toEqual([])
    const called: string[] = []
    const leftover = [{ run: 'r' }] as never
    const full = new GuardedShell(
      {
        ...shellOf().shell,
        renew: async () => void called.push('renew'),
        breakChain: () => void called.push('breakChain'),
        leftovers: () => leftover,
      },
      [],
      undefined,
    )
    await full.renew()
    full.breakChain()
    expect([called, full.leftovers()]).toEqual([['renew', 'breakChain'], leftover])
  })
})
