import type { Change } from '../../core/change.ts'
import { DAY_MS } from '../../core/duration.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { type Certificate, readCertificates, shownCertificate } from '../../devices/certificate/read-certificates.ts'
import type { FileReading } from '../../devices/file/file-reading.ts'
import { readFile, unreadFile } from '../../devices/file/read-file.ts'
import { FILE_PATH } from '../../devices/file/windows-read.ts'
import { seenFromHere } from '../../devices/probe/from-here.ts'
import { HOST_PATTERN } from '../../devices/probe/reach.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { defineModule } from '../define.ts'
import { mapOf, number, text } from '../value-schema.ts'

interface CertificateParams {
  readonly path?: string
  readonly endpoint?: { readonly host?: string; readonly port: number; readonly server_name?: string }
  readonly store?: { readonly name?: string; readonly subject: string }
  readonly min_days?: number
  readonly fingerprint?: string
}

const MAX_BYTES = 256 * 1024
const TIMEOUT_MS = 10_000

const STORE = fragment(
  'certificate.store',
  `$store = New-Object Security.Cryptography.X509Certificates.X509Store($v.name, [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine)
$store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')
$found = @()
foreach ($one in $store.Certificates) {
  if ($one.Subject.IndexOf($v.subject, [StringComparison]::OrdinalIgnoreCase) -ge 0) { $found += [Convert]::ToBase64String($one.RawData) }
}
$store.Close()
Write-TillJson @($found)
`,
)

export const certificate = defineModule({
  name: 'certificate',
  summary: 'Checks how long a certificate is valid: of a file, of a TLS server, or of the store of Windows',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        pattern: FILE_PATH,
        description: 'A file of the device, PEM or DER.',
        examples: ['/etc/tillapp/till.crt'],
      },
      endpoint: {
        type: 'object',
        additionalProperties: false,
        required: ['port'],
        description: 'A TLS server, asked from the controller.',
        properties: {
          host: { type: 'string', pattern: HOST_PATTERN, description: 'Default: the address of the device.' },
          port: {
            type: 'integer',
            minimum: 1,
            maximum: 65535,
            description: 'TCP port of the server.',
            examples: [8443],
          },
          server_name: {
            type: 'string',
            minLength: 1,
            description: 'The name to ask for, where a server has several.',
          },
        },
      },
      store: {
        type: 'object',
        additionalProperties: false,
        required: ['subject'],
        description:
          'Windows: of those of the machine whose subject holds this text, the one that is valid for longest.',
        properties: {
          name: { type: 'string', pattern: '^[A-Za-z]+$', description: 'Default: My.', examples: ['My', 'Root'] },
          subject: {
            type: 'string',
            minLength: 1,
            description: 'The subject of the certificate.',
            examples: ['CN=pos1.pl-0412.example'],
          },
        },
      },
      min_days: { type: 'number', minimum: 0, description: 'It must be valid for so many days more. Default: 0.' },
      fingerprint: {
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
        description: 'SHA-256 of the certificate that it must be; of a file with several, the first.',
      },
    },
  },
  validate,
  observe: (context, params) => observe(context, params as CertificateParams),
  diff: (params, seen) => diff(params as CertificateParams, seen),
  explain: (params, seen) => explain(params as CertificateParams, seen),
  valueSchema: mapOf({
    subject: text('Whose it is.'),
    issuer: text('Who signed it.'),
    not_before: text('From when on it is valid: ISO 8601.'),
    not_after: text('Until when: ISO 8601.'),
    fingerprint: text('SHA-256 of the certificate.'),
    days_left: number('Days until it ends, negative once it has.'),
  }),
  value: ({ certificate: one, fingerprint, daysLeft }) => ({
    subject: one.subject,
    issuer: one.issuer,
    not_before: one.notBefore,
    not_after: one.notAfter,
    fingerprint,
    days_left: daysLeft,
  }),
})

function validate(params: JsonObject): string | undefined {
  const given = ['path', 'endpoint', 'store'].filter((name) => params[name] !== undefined)
  return given.length === 1 ? undefined : 'Say which certificate: exactly one of path, endpoint, store.'
}

interface Seen {
  readonly certificate: Certificate
  /** Of the one that a fingerprint is about: in a chain the first is who it is for (RFC 8446, 4.4.2). */
  readonly fingerprint: string
  readonly daysLeft: number
  readonly isYet: boolean
}

async function observe(context: ModuleContext, params: CertificateParams): Promise<Result<Seen>> {
  const found = await find(context, params)
  if (!found.ok) return found
  // Of a chain, the one that ends first ends them all; of a store, the one that goes on is the one in use.
  const byEnd = found.value.toSorted((a, b) => a.notAfter.localeCompare(b.notAfter))
  const one = params.store ? byEnd.at(-1) : byEnd[0]
  const [first] = found.value
  if (!one || !first)
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: 'There is no such certificate.' })
  const now = Date.now()
  const daysLeft = Math.floor(((Date.parse(one.notAfter) - now) / DAY_MS) * 10) / 10
  const { fingerprint } = params.store ? one : first
  return success({ certificate: one, fingerprint, daysLeft, isYet: Date.parse(one.notBefore) <= now })
}

async function find(context: ModuleContext, params: CertificateParams): Promise<Result<readonly Certificate[]>> {
  const { path, endpoint, store } = params
  const unread = (what: string, error: unknown): ReturnType<typeof fail> => {
    const why = error instanceof Error ? error.message : String(error)
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: `${what}: ${why}` })
  }
  if (endpoint) {
    const { host = context.device.address, port, server_name: serverName } = endpoint
    const to = { host: host.replace(/^\[|\]$/g, ''), port, ...(serverName !== undefined && { serverName }) }
    const limits = { timeoutMs: TIMEOUT_MS, signal: context.signal }
    try {
      const seen = await seenFromHere(() => shownCertificate(to, limits))
      return seen.ok ? success([seen.value]) : seen
    } catch (error) {
      return unread(`"${host}:${port}" could not be asked for its certificate`, error)
    }
  }
  if (store) return fromStore(context, store)
  const { answer, reading } = await readFile(context.shell, {
    path: path ?? '',
    follow: true,
    wants: 'content',
    sendBytes: MAX_BYTES,
  })
  if (!reading) return fail(unreadFile(path ?? '', answer))
  if (!reading.content) return unread(`"${path}" could not be read`, withoutContent(reading))
  try {
    return success(readCertificates(reading.content))
  } catch (error) {
    return unread(`"${path}" holds no certificate`, error)
  }
}

async function fromStore(
  { shell, device }: ModuleContext,
  { name = 'My', subject }: NonNullable<CertificateParams['store']>,
): Promise<Result<readonly Certificate[]>> {
  if (shell.dialect !== 'powershell') {
    const message = `\`store\` is for Windows; "${device.name}" runs ${device.os.family}.`
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  const asked = await askJson<readonly string[]>(
    shell,
    STORE,
    { values: { name, subject } },
    `Reading the store "${name}"`,
  )
  if (!asked.ok) return asked
  return success(asked.value.flatMap((raw) => readCertificates(Buffer.from(raw, 'base64'))))
}

function explain({ min_days = 0, fingerprint }: CertificateParams, seen: Seen): string {
  const { certificate: one, daysLeft, isYet } = seen
  const sentences: string[] = []
  if (!isYet) sentences.push(`Valid only from ${one.notBefore} on.`)
  if (daysLeft < 0) sentences.push(`Expired ${-daysLeft} days ago.`)
  else if (daysLeft < min_days) sentences.push(`Expires in ${daysLeft} days; at least ${min_days} required.`)
  if (fingerprint !== undefined && seen.fingerprint !== fingerprint) {
    sentences.push(`It is another certificate: ${seen.fingerprint}, not ${fingerprint}.`)
  }
  return sentences.join(' ')
}

function diff({ min_days = 0, fingerprint }: CertificateParams, seen: Seen): readonly Change[] {
  const { certificate: one, daysLeft, isYet } = seen
  const changes: Change[] = []
  if (!isYet) changes.push({ path: 'not_before', before: one.notBefore, after: 'past' })
  if (daysLeft < min_days) changes.push({ path: 'days_left', before: daysLeft, after: `at least ${min_days}` })
  if (fingerprint !== undefined && seen.fingerprint !== fingerprint) {
    changes.push({ path: 'fingerprint', before: seen.fingerprint, after: fingerprint })
  }
  return changes
}

function withoutContent({ trouble, kind, sizeBytes = 0 }: FileReading): string {
  if (trouble !== undefined) return trouble
  if (kind === 'absent') return 'there is no such file'
  if (kind !== 'file') return 'it is not a file'
  return `it has ${sizeBytes} bytes, and ${MAX_BYTES} is the most for a certificate`
}
