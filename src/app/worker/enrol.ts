import { type InputError, inputError } from '../../core/diagnostic.ts'
import type { Failure, Result } from '../../core/failure.ts'
import type { WorkerRight } from '../../core/handed-work.ts'
import type { Secret } from '../../core/secret.ts'
import { narrowed } from '../../core/served.ts'
import { publicKeyOf } from './worker-token.ts'

/** What a worker is, once the repository has been asked. */
export interface Enrolled {
  readonly serve: string
  /** Undefined where the repository names no workers. */
  readonly token?: string
}

/** What a worker of this name may serve of what it is asked to. Throws InputError where tillwright.yaml does not let it work. */
export async function enrol(
  rights: readonly WorkerRight[],
  { name, serve, token }: { readonly name: string; readonly serve: string; readonly token: string },
  readSecret: (reference: string) => Promise<Result<Secret>>,
): Promise<Enrolled> {
  if (rights.length === 0) return { serve }
  const right = rights.find((one) => one.name === name)
  if (!right) {
    const known = rights.map((one) => one.name).join(', ')
    throw refused(name, 'tillwright.yaml names no worker of this name', `It names ${known}. ${HOW_TO_ADD}`)
  }
  const read = await readSecret(token)
  if (!read.ok) throw refused(name, `its token (${token}) cannot be read`, unreadable(read.failure))
  const text = read.value.reveal()
  const key = publicKeyOf(text)
  if (key === undefined) throw refused(name, `what ${token} holds is no token of a worker`, HOW_TO_ADD)
  if (key !== right.key) {
    throw refused(
      name,
      'its token is not that of its name',
      `Give it the token that belongs to ${right.key}. ${HOW_TO_ADD}`,
    )
  }
  const { serve: allowed, outside } = narrowed(right.serve, serve)
  if (outside.length > 0) {
    const detail = `It may serve ${right.serve}. Leave --serve out, name less, or change workers.${name}.serves of tillwright.yaml.`
    throw refused(name, `it may not serve ${outside.join(', ')}`, detail)
  }
  return { serve: allowed, token: text }
}

const HOW_TO_ADD = 'till worker token makes a token, and the key for `workers` of tillwright.yaml.'

function unreadable({ message }: Failure): string {
  return `${message} Give it with --token env:NAME or --token file:PATH.`
}

function refused(name: string, why: string, detail: string): InputError {
  return inputError('WORKER_REFUSED', `Worker "${name}": ${why}`, detail)
}
