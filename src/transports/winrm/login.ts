import { fail, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { kerberosLogin } from './kerberos-login.ts'
import { ntlmLogin } from './ntlm-login.ts'
import type { Login, WinRmSession } from './session.ts'
import type { Moment } from './winrm-failure.ts'

/** Logs in on a session, in the one way that the inventory names; no other is tried in its place. */
export function login(
  session: WinRmSession,
  options: { readonly target: Target; readonly certificate?: Buffer | undefined; readonly signal: AbortSignal },
): Promise<Result<Login>> {
  const { target, certificate, signal } = options
  const moment: Moment = { target, phase: 'authenticate' }
  const auth = target.winrm?.auth ?? 'ntlm'
  if (auth === 'kerberos') return kerberosLogin(moment)
  if (auth === 'certificate') return Promise.resolve(success({ always: { Authorization: CLIENT_CERTIFICATE } }))
  const password = target.password?.reveal()
  if (password === undefined) return Promise.resolve(fail(noPassword(target)))
  if (auth === 'ntlm') return ntlmLogin(session, { moment, password, certificate, signal })
  const credentials = Buffer.from(`${plainName(target.user)}:${password}`, 'utf8').toString('base64')
  return Promise.resolve(success({ always: { Authorization: `Basic ${credentials}` } }))
}

/** DSP0226, C.3.2 */
const CLIENT_CERTIFICATE = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'

/** Basic is for accounts of the machine, which it knows without the dot. */
function plainName(user: string): string {
  return user.replace(/^\.\\/, '')
}

function noPassword(target: Target): Parameters<typeof fail>[0] {
  const message = `The inventory names no password for "${target.user}" on "${target.device}".`
  const hint = 'Give its transport `password: { secret: … }`, or log in by `auth: certificate` or `auth: kerberos`.'
  return { code: 'AUTHENTICATE_REFUSED', phase: 'authenticate', message, hint }
}
