import type { ShellChannel } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { type Hidden, inClear } from '../../core/secret.ts'
import { seenFromHere, timedOut } from './from-here.ts'
import type { HttpAnswer, HttpQuestion } from './http-answer.ts'
import { httpHere } from './http-here.ts'
import { httpThere } from './http-there.ts'
import { httpOnWindows } from './http-windows.ts'

/** What is asked for, as parameters say it. */
export interface HttpSource {
  readonly url: Hidden
  readonly headers?: Readonly<Record<string, Hidden>>
  readonly ca?: string
}

/** The question, with its secrets in clear. */
export function httpQuestion(
  { url, headers = {}, ca }: HttpSource,
  how: Pick<HttpQuestion, 'method' | 'timeoutMs' | 'maxBytes' | 'insecure'>,
): HttpQuestion {
  const clear = Object.entries(headers).map(([name, value]) => [name, inClear(value)] as const)
  return { ...how, url: inClear(url), headers: Object.fromEntries(clear), ...(ca !== undefined && { ca }) }
}

/** Asks from this machine, or from the device by whatever means its system has. */
export async function askHttp(
  { shell, signal }: { readonly shell: ShellChannel; readonly signal: AbortSignal },
  from: 'controller' | 'device',
  question: HttpQuestion,
): Promise<Result<HttpAnswer>> {
  if (from === 'controller') return seenFromHere(() => httpHere(question, signal), timedOut)
  if (shell.dialect === 'powershell') return httpOnWindows(shell, question)
  const answer = await httpThere(shell, question)
  if (!('missing' in answer)) return success(answer)
  const message = `The program "${answer.missing}" is not on the device. ${answer.why}`
  return fail({ code: 'TOOL_MISSING', phase: 'observe', message })
}
