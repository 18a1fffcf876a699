import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fail, type Result, success } from '../../core/failure.ts'
import { streamRegular } from '../../files/read-regular.ts'

export interface PackageFile {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** One file goes to thousands of devices and is read for its checksum once, until it changes. */
const checksums = new Map<string, Promise<string>>()

/** The file of the repository, if it is what its checksum says. A relative path counts from the current directory. */
export async function packageFile(file: {
  readonly path: string
  readonly sha256: string
}): Promise<Result<PackageFile>> {
  const path = resolve(file.path)
  try {
    const { size, mtimeMs } = await stat(path)
    const key = `${path}\0${size}\0${mtimeMs}`
    const sum = checksums.get(key) ?? checksum(path)
    checksums.set(key, sum)
    const actual = await sum
    if (actual === file.sha256.toLowerCase()) return success({ path, sizeBytes: size, sha256: actual })
    const message = `"${file.path}" has sha256 ${actual}, the runbook says ${file.sha256}.`
    return fail({ code: 'CHECKSUM_MISMATCH', phase: 'observe', message })
  } catch (error) {
    const message = `"${file.path}" could not be read: ${error instanceof Error ? error.message : String(error)}.`
    return fail({ code: 'FILE_UNREADABLE', phase: 'observe', message })
  }
}

async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of streamRegular(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
