import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { MAX_AUDIT_BYTES } from '../../devices/evadts/segments.ts'
import { readFile, unreadFile } from '../../devices/file/read-file.ts'
import { askHttp, httpQuestion } from '../../devices/probe/ask-http.ts'
import { type HttpAnswer, httpSentence } from '../../devices/probe/http-answer.ts'
import { THERE } from '../../shell/posix-there.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { AuditSource, VendingParams } from './params.ts'

const HTTP = { method: 'GET', timeoutMs: 15_000, maxBytes: MAX_AUDIT_BYTES, insecure: false } as const

/** The bytes of an audit file. */
export interface SourceFile {
  readonly bytes: Uint8Array
  /** When it was written, or is said to have been (`Last-Modified`), by the clock of here: milliseconds since 1970. */
  readonly writtenAt?: number
}

/** The audit file, from wherever the parameters say. Nothing is written. */
export function readSource(context: ModuleContext, params: VendingParams): Promise<Result<SourceFile>> {
  if (params.http) return fromHttp(context, params.http)
  if (context.device.os.family === 'none') {
    const message = `${context.device.name} has no shell: its audit file is read by \`http\` from the controller.`
    return Promise.resolve(fail({ code: 'PARAMS_INVALID', phase: 'observe', message }))
  }
  return params.folder ? fromFolder(context, params.folder) : fromFile(context, params.file ?? '')
}

async function fromFile({ shell, now }: ModuleContext, path: string): Promise<Result<SourceFile>> {
  const { answer, reading } = await readFile(shell, {
    ...{ path, follow: true, wants: 'content', sendBytes: MAX_AUDIT_BYTES, age: true },
  })
  if (!reading) return fail(unreadFile(path, answer))
  if (reading.trouble !== undefined) return wrong(`"${path}" could not be read: ${reading.trouble}`)
  if (reading.kind !== 'file') return wrong(`"${path}": there is no such file.`)
  const { content } = reading
  return content
    ? success({ bytes: content, ...writtenBefore(reading.ageSeconds, now()) })
    : wrong(`"${path}" is longer than an audit file can be.`)
}

const FOLDER = `${TOOL_PRELUDE}${THERE}need_tool find stat sort tail cat wc
till_there "$path" || { printf '%s\\n' "$path: there is no such folder" >&2; exit 1; }
[ -r "$path" ] && [ -x "$path" ] || { printf '%s\\n' "$path: Permission denied" >&2; exit 1; }
newest=$(find "$path/" -maxdepth 1 -type f -name "$match" -exec stat -c '%Y %n' {} + 2>/dev/null | sort -n | tail -n 1)
newest=\${newest#* }
[ -n "$newest" ] || { printf '%s\\n' "$path: it holds no file $match" >&2; exit 1; }
[ -r "$newest" ] || { printf '%s\\n' "$newest: Permission denied" >&2; exit 1; }
[ "$(wc -c <"$newest")" -le "$most" ] || { printf '%s\\n' "$newest: it is longer than an audit file can be" >&2; exit 1; }
printf '%s\\n' "$(($(date +%s) - $(stat -c %Y "$newest")))"
cat "$newest"
`

async function fromFolder(
  { shell, now }: ModuleContext,
  { path, match = '*' }: NonNullable<VendingParams['folder']>,
): Promise<Result<SourceFile>> {
  if (shell.dialect === 'powershell') {
    const message = 'Folders are looked into on Linux alone; name the file.'
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  const values = { path, match, most: MAX_AUDIT_BYTES }
  const answer = await shell.ask({ script: FOLDER, values, maxOutputBytes: MAX_AUDIT_BYTES + 64 * 1024 })
  const failure = failureOf(answer, 'observe', `Looking into "${path}"`)
  if (failure) return fail(failure)
  const { stdout } = answer
  const end = stdout.indexOf(0x0a)
  const age = Number(Buffer.from(stdout.subarray(0, end)).toString('latin1') || Number.NaN)
  return success({ bytes: stdout.subarray(end + 1), ...writtenBefore(age, now()) })
}

/** By the clock of the device, whatever that says. */
function writtenBefore(ageSeconds: number | undefined, now: Date): Pick<SourceFile, 'writtenAt'> {
  if (ageSeconds === undefined || Number.isNaN(ageSeconds)) return {}
  return { writtenAt: now.getTime() - ageSeconds * 1000 }
}

async function fromHttp(context: ModuleContext, source: AuditSource): Promise<Result<SourceFile>> {
  const answer = await askHttp(context, source.from, httpQuestion(source, HTTP))
  return answer.ok ? bodyOf(answer.value, String(source.url)) : answer
}

function bodyOf(answer: HttpAnswer, shown: string): Result<SourceFile> {
  if (answer.state !== 'answered' || answer.status !== 200) return wrong(httpSentence(answer, shown))
  if (answer.truncated) return wrong(`What "${shown}" answers is longer than an audit file can be.`)
  const modified = Date.parse(answer.headers?.['last-modified'] ?? '')
  const bytes = answer.body ?? new Uint8Array()
  return success(Number.isNaN(modified) ? { bytes } : { bytes, writtenAt: modified })
}

function wrong(message: string): { readonly ok: false; readonly failure: Parameters<typeof fail>[0] } {
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message })
}
