import type { Client, ClientChannel } from 'ssh2'
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

type Answer = (error: Error | undefined, channel: ClientChannel) => void

/** The server opened the channel by another number than it was taken to: nothing was started. */
export class WrongChannel extends Error {
  constructor() {
    super('the server numbers its channels in a way of its own')
  }
}

/** Whether `startInOneFlight` may be the first thing asked of a server, from how it calls itself. */
export function takesOneFlight(client: Client, banner: string): boolean {
  const { _protocol: protocol, _chanMgr: channels } = client as Ssh2Client
  const complete =
    protocol?.session && protocol.exec && protocol.channelData && protocol._handlers?.CHANNEL_WINDOW_ADJUST && channels
  return complete !== undefined && IN_ORDER.test(banner)
}

/**
 * Opens the first channel of a connection, starts a program in it and sends the first `EARLY_BYTES` of its input, all
 * without waiting for an answer: one round trip where RFC 4254 as it is usually played takes three. The input is within
 * what the server will have opened as its window by the time it reads it. Answers as `client.exec` does; what `input`
 * is too much is written when the server has answered. Answers with `WrongChannel` when the guess was wrong; the server
 * then may have ended the connection.
 */
export function startInOneFlight(client: Client, command: string, input: Buffer, answer: Answer): void {
  const { _protocol: protocol, _chanMgr: channels } = client as Ssh2Client & Required<Pick<Ssh2Client, '_chanMgr'>>
  const early = input.subarray(0, EARLY_BYTES)
  const opened: OpenedListener = (error, channel) => {
    if (error) return answer(error, channel)
    if (channel.outgoing.id !== 0) return answer(new WrongChannel(), channel)
    payBack(client, channel, { local, bytes: early.length })
    channel._callbacks.push((refused) => {
      if (refused) return answer(refused instanceof Error ? refused : new Error('Unable to exec'), channel)
      channel.subtype = 'exec'
      if (input.length > early.length) channel.write(input.subarray(early.length))
      answer(undefined, channel)
    })
  }
  opened.type = 'session'
  const local = channels.add(opened)
  protocol?.session?.(local, WINDOW_BYTES, PACKET_BYTES)
  protocol?.exec?.(0, command, true)
  if (early.length > 0) protocol?.channelData?.(0, early)
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
