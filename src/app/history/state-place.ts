import { type InputError, inputError } from '../../core/diagnostic.ts'
import { Secret } from '../../core/secret.ts'
import { type SecretSettings, secretSources } from '../../secrets/index.ts'

/** Where the state of a repository is: in a file, or in a database of PostgreSQL. */
export type StatePlace = { readonly file: string } | DatabasePlace

export interface DatabasePlace {
  /** Of the environment, or a reference to a secret; see `addressOf`. */
  readonly database: Secret
  readonly root: string
  readonly secrets: SecretSettings
  /** What is done to a sandbox is kept apart from what is known of real devices. */
  readonly sandbox: boolean
}

const ADDRESS = /^postgres(ql)?:/

/** `file` is where the state would be without a database; the environment (TILL_STATE) goes before the project file. */
export function statePlace(
  file: string,
  options: {
    readonly root: string
    readonly settings: { readonly postgres?: string; readonly secrets: SecretSettings }
    readonly sandbox: boolean
  },
): StatePlace {
  const { root, settings, sandbox } = options
  const told = process.env['TILL_STATE']
  if (told !== undefined && told !== '' && !ADDRESS.test(told)) throw notAnAddress()
  const database = told || settings.postgres
  if (database === undefined) return { file }
  return { database: new Secret(database), root, secrets: settings.secrets, sandbox }
}

/** A database that somebody names: its address, or a reference to where that is kept. */
export function databasePlace(
  database: string,
  { root, settings }: { readonly root: string; readonly settings: { readonly secrets: SecretSettings } },
): DatabasePlace {
  return { database: new Secret(database), root, secrets: settings.secrets, sandbox: false }
}

/** The same place is the same text; it is no secret where it is a file. */
export function isSamePlace(a: StatePlace, b: StatePlace): boolean {
  if ('file' in a || 'file' in b) return 'file' in a && 'file' in b && a.file === b.file
  return a.database.reveal() === b.database.reveal()
}

/** The address of a database, read where it is kept. Throws InputError. */
export async function addressOf({ database, root, secrets }: DatabasePlace): Promise<Secret> {
  const text = database.reveal()
  if (ADDRESS.test(text)) return database
  const [scheme = ''] = text.split(':')
  const source = secretSources(root, secrets).find(({ name }) => name === scheme)
  const read = await source?.read(text.slice(scheme.length + 1))
  if (read?.ok) return read.value
  throw inputError(
    'STATE_UNUSABLE',
    `The address of the state cannot be read from "${text}"`,
    read?.failure.message ?? `There is no source of secrets "${scheme}".`,
  )
}

/** What must not be shown of a place: its address, and the password in it. */
export async function stateSecrets(place: StatePlace): Promise<readonly Secret[]> {
  if ('file' in place) return []
  const address = await addressOf(place)
  const { password = '' } = URL.canParse(address.reveal()) ? new URL(address.reveal()) : {}
  return password === '' ? [address] : [address, new Secret(decodeURIComponent(password))]
}

function notAnAddress(): InputError {
  const summary = 'TILL_STATE is not the address of a PostgreSQL'
  const detail =
    'Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE. A file is named by `state` of tillwright.yaml.'
  return inputError('STATE_UNUSABLE', summary, detail)
}
