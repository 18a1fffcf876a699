import { describe, expect, it } from 'vitest'
import { Fenced, NotRun } from '../../../src/core/chain.ts'
import type { ShellAnswer, ShellChannel, ShellRequest } from '../../../src/core/channel.ts'
import type { Phase } from '../../../src/core/failure.ts'
import type { Fence } from '../../../src/core/fence.ts'
import { StepTimeout, TrackedChannel } from '../../../src/engine/device/tracked-channel.ts'

const FENCE: Fence = { lockName: 'pos1', authority: '', run: 'r', attempt: 1, epoch: 1, leftMs: () => 1_000 }

function answer(more: Partial<ShellAnswer> = {}): ShellAnswer {
  const none = new Uint8Array()
  return {
    ...{ exitCode: 0, stdout: none, stderr: none, text: '', errorText: '' },
    ...{ truncated: false, timedOut: false, durationMs: 1 },
    ...more,
  }
}

/** A channel to a device that says what it is told to, in order; then that all is well. */
function channelOf(phase: Phase, says: (Partial<ShellAnswer> | Error)[] = [], lookActs = false) {
  const asked: ShellRequest[] = []
  const uploads: (number | undefined)[] = []
  const next = async (): Promise<ShellAnswer> => {
    const said = says.shift() ?? {}
    if (said instanceof Error) throw said
    return answer(said)
  }
  const shell: ShellChannel = {
    kind: 'shell',
    dialect: 'posix',
    ask: (request) => {
      asked.push(request)
      return next()
    },
    upload: (_path, _content, options) => {
      uploads.push(options?.timeoutMs)
      return next()
    },
  }
  const counter = { next: 0, answered: 0 }
  const channel = new TrackedChannel(shell, { counter, phase, deadlineMs: 5_000, fence: FENCE, lookActs })
  return { channel, asked, uploads, counter, shell }
}

const NOTHING = new Uint8Array()

describe('the deadline of a phase', () => {
  it('goes along with every question, and is only made shorter by what a module wants', async () => {
    const { channel, asked, uploads } = channelOf('observe')
    for (const timeoutMs of [undefined, 100, 9_000]) {
      await channel.ask({ script: 'x', ...(timeoutMs !== undefined && { timeoutMs }) })
      await channel.upload('/x', NOTHING, timeoutMs === undefined ? undefined : { timeoutMs })
    }
    expect([asked.map(({ timeoutMs }) => timeoutMs), uploads]).toEqual([
      [5_000, 100, 5_000],
      [5_000, 100, 5_000],
    ])
  })

  it('holds for what another device is asked, too, which says nothing about when this one was looked at', async () => {
    const { channel, asked, uploads, counter, shell } = channelOf('observe')
    const beside = channel.beside(shell)
    for (const timeoutMs of [undefined, 100, 9_000]) {
      await beside.ask({ script: 'x', ...(timeoutMs !== undefined && { timeoutMs }) })
      await beside.upload('/x', NOTHING, timeoutMs === undefined ? undefined : { timeoutMs })
    }
    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 100, 5_000])
    expect(uploads).toEqual([5_000, 100, 5_000])
    expect([counter, channel.first]).toEqual([{ next: 0, answered: 0 }, undefined])
  })

  it.each([
    ['observe', 'OBSERVE_TIMEOUT'],
    ['verify', 'OBSERVE_TIMEOUT'],
    ['converge', 'CONVERGE_TIMEOUT'],
  ] as const)('that the device ended a script for is a timeout of the step: %s', async (phase, code) => {
    const { channel } = channelOf(phase, [{ timedOut: true }])
    const error = await channel.ask({ script: 'x' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(StepTimeout)
    expect(error).toMatchObject({ failure: { code, phase } })
    expect(channel.pending).toBe(0)
  })
})

describe('the fence', () => {
  it('goes along with every change, and the first of them says that it begins one', async () => {
    const { channel, asked } = channelOf('converge')
    await channel.ask({ script: 'a' })
    await channel.ask({ script: 'b' })
    expect(asked.map(({ fence, begins }) => [fence, begins])).toEqual([
      [FENCE, true],
      [FENCE, undefined],
    ])
  })

  it('goes along with a look only where that may change the device', async () => {
    const [looks, acts] = [channelOf('observe'), channelOf('observe', [], true)]
    await looks.channel.ask({ script: 'a' })
    await acts.channel.ask({ script: 'a' })
    expect(looks.asked[0]).not.toHaveProperty('fence')
    expect(looks.asked[0]).not.toHaveProperty('begins')
    expect(acts.asked[0]).toMatchObject({ fence: FENCE, begins: true })
  })

  it('that has something of an earlier session end first has a look asked again', async () => {
    const { channel, asked } = channelOf('observe', [new Fenced('moved'), new Fenced('moved'), { text: 'seen' }], true)
    expect(await channel.ask({ script: 'a' })).toMatchObject({ text: 'seen' })
    expect(asked.length).toBe(3)
  })

  it('whose time had run out ends the work on the device', async () => {
    const { channel } = channelOf('observe', [new Fenced('late')], true)
    await expect(channel.ask({ script: 'a' })).rejects.toMatchObject({ failure: { code: 'LEASE_LOST' } })
  })

  it('that stopped a change has nothing asked again, as what was seen is out of date', async () => {
    const { channel, asked } = channelOf('converge', [new Fenced('moved')])
    await expect(channel.ask({ script: 'a' })).rejects.toBeInstanceOf(Fenced)
    expect(asked.length).toBe(1)
  })
})

describe('what is kept of the questions of a step', () => {
  it('is the only one, where there was one', async () => {
    const { channel } = channelOf('observe', [{ text: 'one' }])
    expect(channel.only).toBeUndefined()
    await channel.ask({ script: 'a' })
    expect(channel.only).toMatchObject({ request: { script: 'a' }, answer: { text: 'one' } })
    await channel.ask({ script: 'b' })
    expect(channel.only).toBeUndefined()
  })

  it('is how files came, and begins anew for another purpose', async () => {
    const came = { bytes: 3 } as never
    const { channel } = channelOf('observe', [{ came }, {}])
    await channel.upload('/x', NOTHING)
    await channel.upload('/y', NOTHING)
    expect([channel.came, channel.first, channel.last]).toEqual([[came], 1, 4])
    channel.enter('verify', 1_000)
    expect([channel.came, channel.first, channel.last]).toEqual([[], undefined, undefined])
  })
})

describe('a question that is kept back', () => {
  it('goes to nobody until it is sent, and has the answer that it is given', async () => {
    const { channel, asked, counter } = channelOf('observe')
    const holding = channel.hold()
    const answered = channel.ask({ script: 'a' })
    const held = await holding
    expect([asked, counter.next, held?.request.script]).toEqual([[], 0, 'a'])
    held?.send(Promise.resolve(answer({ text: 'later' })))
    expect(await answered).toMatchObject({ text: 'later' })
    expect([asked, counter]).toEqual([[], { next: 1, answered: 1 }])
  })

  it('cannot be an upload, which is not sent then', async () => {
    const { channel, uploads } = channelOf('observe')
    const holding = channel.hold()
    await expect(channel.upload('/x', NOTHING)).rejects.toBeInstanceOf(NotRun)
    expect([await holding, uploads]).toEqual([undefined, []])
  })
})
