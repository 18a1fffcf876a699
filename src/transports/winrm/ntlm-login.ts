import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { accountOf } from '../../devices/winrm/ntlm-keys.ts'
import { NtlmSeal } from '../../devices/winrm/ntlm-seal.ts'
import { channelBinding } from './channel-binding.ts'
import type { HttpReply } from './http-message.ts'
import { authenticateMessage, missingForSeal, negotiateMessage, parseChallenge } from './ntlm-messages.ts'
import { type Login, offeredSchemes, schemeToken, type WinRmSession } from './session.ts'
import { endpoint, type Moment, noReplyFailure, schemeFailure, statusFailure } from './winrm-failure.ts'

const SCHEME = 'Negotiate'

/**
 * NTLMv2, raw under `Negotiate` (MS-NLMP; MS-WSMV 2.2.9.1). Over plain HTTP two round trips, and everything after them
 * is sealed; over TLS one, since the first message carries the proof.
 */
export async function ntlmLogin(
  session: WinRmSession,
  options: {
    readonly moment: Moment
    readonly password: string
    /** Of the device, in DER; present on TLS. */
    readonly certificate?: Buffer | undefined
    readonly signal: AbortSignal
  },
): Promise<Result<Login>> {
  const { moment, certificate, signal } = options
  const wait = { timeoutMs: moment.target.deadlines.authenticate, signal }
  const negotiate = negotiateMessage()
  const first = await session.knock(`${SCHEME} ${negotiate.toString('base64')}`, wait)
  if ('none' in first) return fail(noReplyFailure(moment, first.none))
  const { reply } = first
  const token = reply.status === 401 ? schemeToken(reply, SCHEME) : undefined
  if (!token) return fail(unchallenged(moment, reply))
  const challenge = parseChallenge(token)
  const missing = challenge && !certificate ? missingForSeal(challenge) : []
  if (!challenge || missing.length > 0) return fail(unusable(moment, missing))
  const { message, exportedSessionKey } = authenticateMessage(challenge, {
    account: accountOf(moment.target.user),
    password: options.password,
    host: moment.target.address,
    channelBinding: certificate && channelBinding(certificate),
    negotiate,
  })
  const authorization = `${SCHEME} ${message.toString('base64')}`
  if (certificate) return success({ once: { Authorization: authorization } })
  const second = await session.knock(authorization, wait)
  if ('none' in second) return fail(noReplyFailure(moment, second.none))
  const { status } = second.reply
  if (status !== 200) return fail(statusFailure(moment, status, offeredSchemes(second.reply)))
  return success({ seal: new NtlmSeal(exportedSessionKey) })
}

/** A device that answers without a challenge does not offer NTLM, or is no WinRM. */
function unchallenged(moment: Moment, reply: HttpReply): Failure {
  return reply.status === 401 ? schemeFailure(moment, offeredSchemes(reply)) : statusFailure(moment, reply.status)
}

function unusable({ target }: Moment, missing: readonly string[]): Failure {
  const why = missing.length === 0 ? 'it is not a challenge of NTLM' : `it lacks ${missing.join(', ')}`
  const message = `The challenge of "${endpoint(target)}" cannot be used: ${why}. Nothing is sent that would not be sealed.`
  return { code: 'SEAL_INVALID', phase: 'authenticate', message }
}
