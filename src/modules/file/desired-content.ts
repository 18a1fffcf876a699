import { createHash } from 'node:crypto'
import { fail, type Result, success } from '../../core/failure.ts'
import { type Hidden, inClear, isSecret } from '../../core/secret.ts'
import { knownFile } from '../../devices/file/known-file.ts'
import { fileContent, VALUE_BYTES } from '../../devices/file/replace-file.ts'
import type { FileContent } from '../../devices/file/replacement.ts'
import { streamRegular } from '../../files/read-regular.ts'

export interface FileParams {
  readonly path: string
  readonly state?: 'present' | 'absent' | 'link'
  readonly content?: Hidden
  readonly source?: string
  readonly sha256?: string
  readonly target?: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  readonly backup?: boolean
  readonly validate?: string
  readonly sensitive?: boolean
}

/** What the file should hold, as far as the controller knows it. */
export interface DesiredContent {
  readonly sha256: string
  readonly sizeBytes?: number
  /** Absent when it is large, or when only the checksum was named. */
  readonly bytes?: Uint8Array
  /** The file that holds it, when it is large. */
  readonly source?: string
  readonly isSecret: boolean
}

export function isPresent(params: Pick<FileParams, 'state'>): boolean {
  return (params.state ?? 'present') === 'present'
}

/** What the file should hold; undefined when nothing is said of it. */
export async function desiredContent(params: FileParams): Promise<Result<DesiredContent | undefined>> {
  if (!isPresent(params)) return success(undefined)
  if (params.content !== undefined) {
    const bytes = Buffer.from(inClear(params.content), 'utf8')
    const isHidden = isSecret(params.content)
    return checked(params, { sha256: digestOf(bytes), sizeBytes: bytes.length, bytes, isSecret: isHidden })
  }
  if (params.source !== undefined) {
    const read = await readSource(params.source)
    return read.ok ? checked(params, { ...read.value, isSecret: false }) : read
  }
  return success(params.sha256 === undefined ? undefined : { sha256: params.sha256, isSecret: false })
}

function checked(params: FileParams, desired: DesiredContent): Result<DesiredContent> {
  if (params.sha256 === undefined || params.sha256 === desired.sha256) return success(desired)
  const message = `${params.source === undefined ? 'The content' : `"${params.source}"`} has the checksum ${desired.sha256}, not ${params.sha256}.`
  return fail({ code: 'CHECKSUM_MISMATCH', phase: 'observe', message })
}

/** A small file is kept, so that it can travel as a value; of a large one only the checksum. */
async function readSource(source: string): Promise<Result<Omit<DesiredContent, 'isSecret'>>> {
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of streamRegular(source) as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      sizeBytes += chunk.length
      if (sizeBytes <= VALUE_BYTES) kept.push(chunk)
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fail({ code: 'FILE_UNREADABLE', phase: 'observe', message: `"${source}" could not be read: ${why}` })
  }
  const sha256 = hash.digest('hex')
  return success({ sha256, sizeBytes, ...(sizeBytes <= VALUE_BYTES ? { bytes: Buffer.concat(kept) } : { source }) })
}

/** sha256 in hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A file that has to be there and of which nothing else is said is made empty. */
export function contentOf(desired: DesiredContent | undefined, isHidden = false): FileContent {
  if (desired?.source !== undefined) {
    const { source, sha256, sizeBytes = 0 } = desired
    // What is hidden goes to nobody else, over no LAN.
    const file = knownFile(source, { sha256, sizeBytes })
    return { sizeBytes, stream: isHidden ? file.from(0) : file }
  }
  return fileContent(desired?.bytes ?? new Uint8Array())
}

/** It travels within a question; anything else is uploaded first. */
export function isSmallText(desired: DesiredContent | undefined): boolean {
  return desired?.source === undefined && fileContent(desired?.bytes ?? new Uint8Array()).text !== undefined
}
