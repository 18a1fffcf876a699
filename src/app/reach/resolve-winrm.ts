import { fail, type Result, success } from '../../core/failure.ts'
import type { TransportSettings } from '../../core/fleet.ts'
import { Secret } from '../../core/secret.ts'
import type { WinRmTarget } from '../../core/transport.ts'

const HTTP_PORT = 5985
const HTTPS_PORT = 5986

/** The port of a device that is reached by WinRM. */
export function winrmPort(settings: TransportSettings): number {
  return settings.port ?? (settings.https === true ? HTTPS_PORT : HTTP_PORT)
}

/** What the inventory says about WinRM, its files read. `read` reads a file, by a path as it stands in the inventory. */
export async function winrmTarget(
  settings: TransportSettings,
  options: {
    readonly passphrase: Secret | undefined
    readonly read: (path: string) => Promise<Result<Secret>>
  },
): Promise<Result<WinRmTarget>> {
  const https = settings.https ?? winrmPort(settings) === HTTPS_PORT
  const auth = settings.auth ?? 'ntlm'
  const ca = https && settings.ca !== undefined ? await options.read(settings.ca) : undefined
  if (ca && !ca.ok) return ca
  const client = auth === 'certificate' ? await clientOf(settings, options) : success(undefined)
  if (!client.ok) return client
  return success({
    https,
    auth,
    fingerprints: (settings.fingerprints ?? []).map(plainFingerprint),
    ...(ca && settings.ca !== undefined && { ca: { origin: settings.ca, content: ca.value.reveal() } }),
    ...(settings.server_name !== undefined && { serverName: settings.server_name }),
    ...(client.value && { client: client.value }),
  })
}

async function clientOf(
  settings: TransportSettings,
  options: Parameters<typeof winrmTarget>[1],
): Promise<Result<NonNullable<WinRmTarget['client']>>> {
  const { client_certificate, client_key } = settings
  if (client_certificate === undefined || client_key === undefined) {
    const message = '`auth: certificate` needs `client_certificate` and `client_key`.'
    return fail({ code: 'AUTHENTICATE_KEY_INVALID', phase: 'resolve', message })
  }
  const certificate = await options.read(client_certificate)
  if (!certificate.ok) return certificate
  const key = await options.read(client_key)
  if (!key.ok) return key
  const { passphrase } = options
  return success({ certificate: certificate.value.reveal(), key: key.value, ...(passphrase && { passphrase }) })
}

function plainFingerprint(text: string): string {
  return text
    .replace(/^sha256:/, '')
    .replaceAll(':', '')
    .toLowerCase()
}
