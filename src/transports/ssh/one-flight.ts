import type { Client, ClientChannel } from 'ssh2'
import type { ShortWays } from './short-ways.ts'
import { OwnFault } from './ssh-failure.ts'
import type { OpenedListener, Ssh2Channel, Ssh2Client } from './ssh2-internals.ts'

/** What ssh2 itself offers for each channel (its Channel.js): 2 MiB of output under way, in packets of 32 KiB. */
const WINDOW_BYTES = 2 * 1024 * 1024
const PACKET_BYTES = 32 * 1024

/** Less than the window that any server known here opens for a program: dropbear's is 24 KiB. */
export const EARLY_BYTES = 16 * 1024

/**
 * Servers whose first channel is number 0 and which take what is sent for a channel in the order in which it comes, so
 * that nobody has to wait for their word on it. Others are asked one thing after the other.
 */
const IN_ORDER = /^SSH-2\.0-(OpenSSH_\d|dropbear)/

/** `input` goes to its stdin. */
export interface FirstProgram {
  readonly command: string
  readonly input: Buffer
  readonly ways: ShortWays
}

type Answer = (error: Error | undefined, channel: ClientChannel) => void

/** The server opened the channel by another number than it was taken to: nothing was started. */
export class WrongChannel extends Error {
  constructor() {
    super('the server numbers its channels in a way of its own')
  }
}

/** Whether `startInOneFlight` may be the first thing asked of a server, from how it calls itself. */
export function takesOneFlight(client: Client, banner: string, ways: ShortWays): boolean {
  if (!IN_ORDER.test(banner) || !ways.isOpen('first program')) return false
  const { _protocol: protocol, _chanMgr: channels } = client as Ssh2Client
  const complete =
    protocol?.session && protocol.exec && protocol.channelData && protocol._handlers?.CHANNEL_WINDOW_ADJUST && channels
  if (complete === undefined) ways.close('first program', 'this ssh2 has no such place')
  return complete !== undefined
}

/**
 * Opens the first channel of a connection, starts a program in it and sends the first `EARLY_BYTES` of its input, all
 * without waiting for an answer: one round trip where RFC 4254 as it is usually played takes three. The input is within
 * what the server will have opened as its window by the time it reads it. Answers as `client.exec` does; what `input`
 * is too much is written when the server has answered. Answers with `WrongChannel` when nothing was started, since the
 * guess was wrong or we failed; the server then may have ended the connection. Answers with `OwnFault` when we failed and
 * the program may have been started.
 */
export function startInOneFlight(client: Client, start: FirstProgram, answer: Answer): void {
  const { command, input, ways } = start
  const { _protocol: protocol, _chanMgr: channels } = client as Ssh2Client & Required<Pick<Ssh2Client, '_chanMgr'>>
  const early = input.subarray(0, EARLY_BYTES)
  let answered = false
  let isStarted = false
  const end: Answer = (...it) => {
    if (!answered) answer(...it)
    answered = true
  }
  const failed = (error: unknown, channel?: ClientChannel): void => {
    ways.close('first program', error)
    end(isStarted ? new OwnFault(error) : new WrongChannel(), channel as ClientChannel)
  }
  const opened: OpenedListener = (refusal, channel) => {
    if (refusal) return end(refusal, channel)
    if (channel.outgoing.id !== 0) return end(new WrongChannel(), channel)
    payBack(client, channel, { local, bytes: early.length })
    channel._callbacks.push((refused) => {
      if (refused) return end(refused instanceof Error ? refused : new Error('Unable to exec'), channel)
      channel.subtype = 'exec'
      if (input.length > early.length) channel.write(input.subarray(early.length))
      end(undefined, channel)
    })
  }
  const guarded: OpenedListener = (refusal, channel) => {
    try {
      opened(refusal, channel)
    } catch (error) {
      failed(error, channel)
    }
  }
  guarded.type = 'session'
  let local = -1
  try {
    local = channels.add(guarded)
    protocol?.session?.(local, WINDOW_BYTES, PACKET_BYTES)
    protocol?.exec?.(0, command, true)
    isStarted = true
    if (early.length > 0) protocol?.channelData?.(0, early)
  } catch (error) {
    failed(error)
  }
}

/** What was sent before there was a window is taken from the window, and from what is added to it. */
function payBack(client: Ssh2Client, { outgoing }: Ssh2Channel, sent: { local: number; bytes: number }): void {
  const { local, bytes } = sent
  let owed = Math.max(0, bytes - outgoing.window)
  outgoing.window -= bytes - owed
  const handlers = client._protocol?._handlers
  const adjust = handlers?.CHANNEL_WINDOW_ADJUST
  if (owed === 0 || !handlers || !adjust) return
  handlers.CHANNEL_WINDOW_ADJUST = (protocol, recipient, added) => {
    const kept = recipient === local ? Math.min(owed, added) : 0
    owed -= kept
    if (owed === 0) handlers.CHANNEL_WINDOW_ADJUST = adjust
    if (added > kept) adjust(protocol, recipient, added - kept)
  }
}
