import { fail, type Result, success } from '../../core/failure.ts'
import type { ServiceIdentity } from '../../core/transport.ts'
import { IDENTITY_NAMESPACE, NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, parseXml, type XmlElement } from '../../devices/winrm/xml-element.ts'
import { Courier } from './courier.ts'
import { identifyMessage } from './envelope.ts'
import { type LogIn, openSession, type SessionDependencies } from './open-session.ts'
import type { Pace } from './pace.ts'
import type { PostEnd } from './session.ts'
import { faultFailure, type Moment, noReplyFailure } from './winrm-failure.ts'

type Said = Omit<ServiceIdentity, 'withoutLogin'>

/** Asks without a login: the header is Microsoft's ("Detecting Whether a Remote Computer Supports WS-Management"). */
const asNobody: LogIn = async () => success({ always: { WSMANIDENTIFY: 'unauthenticated' } })

/**
 * Asks a WinRM service what it is (DSP0226, 11), first as nobody and then logged in, since an untouched Windows tells its
 * version to those who are. Opens no shell. Fails as connecting does, and where the service answers otherwise.
 */
export async function identify(
  dependencies: SessionDependencies & { readonly pace: Pace },
  signal: AbortSignal,
): Promise<Result<ServiceIdentity>> {
  const open = await openSession(dependencies, signal, asNobody)
  if (!open.ok) return open
  const answerMs = dependencies.target.deadlines.identify
  const end = await open.value.post(identifyMessage().xml, { timeoutMs: answerMs, signal })
  open.value.destroy()
  const courier = new Courier(dependencies, dependencies.pace)
  const moment: Moment = { target: dependencies.target, phase: 'identify' }
  const reply = await courier.exchange(identifyMessage, { moment, answerMs, repeatable: true, signal })
  courier.close()
  if (reply.kind === 'failed') return fail(reply.failure)
  if (reply.kind === 'fault') return fail(faultFailure(moment, reply.fault))
  const said = identityIn(reply.body)
  if (!said) return fail(noReplyFailure(moment, { why: 'garbled', said: 'it does not say what it is' }))
  return success({ ...said, withoutLogin: saidToNobody(end) })
}

function saidToNobody(end: PostEnd): string {
  if ('none' in end) return end.none.said
  if ('forged' in end) return end.forged
  if (!('soap' in end)) return `HTTP ${end.status}`
  const said = identityIn(child(parseXml(end.soap.toString('utf8')), NAMESPACES.s, 'Body'))
  return said ? said.version : 'it does not say what it is'
}

function identityIn(body: XmlElement | undefined): Said | undefined {
  const response = child(body, IDENTITY_NAMESPACE, 'IdentifyResponse')
  const textOf = (name: string): string => {
    const text = child(response, IDENTITY_NAMESPACE, name)?.text ?? ''
    return text
      .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
      .trim()
      .slice(0, 200)
  }
  const protocol = textOf('ProtocolVersion')
  // The one that must be there; the others may be missing.
  return protocol === '' ? undefined : { protocol, vendor: textOf('ProductVendor'), version: textOf('ProductVersion') }
}
