import { fail, type Result, success } from '../../core/failure.ts'
import type { Login } from './session.ts'
import type { Moment } from './winrm-failure.ts'

/** What we use of the package `kerberos`, an optional one that must be compiled where it has no prebuilt binary. */
interface KerberosPackage {
  initializeClient(
    service: string,
    options: { readonly mechOID: number },
  ): Promise<{ step(challenge: string): Promise<string>; readonly response?: string | null }>
  readonly GSS_MECH_OID_SPNEGO: number
}

/**
 * Kerberos with the ticket that `kinit` got, over TLS: the first message carries the token, and no round trip is its
 * own. The package cannot seal, and cannot bind to the channel, so that a device with CbtHardeningLevel Strict refuses.
 */
export async function kerberosLogin(moment: Moment): Promise<Result<Login>> {
  const { target } = moment
  const loaded = await loadKerberos()
  if (!loaded.ok) return loaded
  try {
    const { initializeClient, GSS_MECH_OID_SPNEGO } = loaded.value
    const service = `HTTP@${target.winrm?.serverName ?? target.address}`
    const client = await initializeClient(service, { mechOID: GSS_MECH_OID_SPNEGO })
    const token = await client.step('')
    return success({ once: { Authorization: `Negotiate ${token}` } })
  } catch (error) {
    const message = `No ticket for "HTTP/${target.winrm?.serverName ?? target.address}" could be had: ${firstLine(error)}`
    const hint =
      'Get a ticket with `kinit`, name the device as the domain does (not by its address), and compare the clocks.'
    return fail({ code: 'AUTHENTICATE_REFUSED', phase: 'authenticate', message, hint })
  }
}

async function loadKerberos(): Promise<Result<KerberosPackage>> {
  // Not a literal, since it need not be there when this is compiled.
  const name: string = 'kerberos'
  try {
    const loaded = (await import(name)) as { readonly default?: KerberosPackage } & KerberosPackage
    return success(loaded.default ?? loaded)
  } catch (error) {
    const message = `\`auth: kerberos\` needs the npm package "kerberos", which is not installed or does not load: ${firstLine(error)}`
    const hint =
      'Install it beside Tillwright: `npm install kerberos` (Debian: first libkrb5-dev and a compiler), then get a ticket with `kinit`.'
    return fail({ code: 'KERBEROS_UNAVAILABLE', phase: 'authenticate', message, hint })
  }
}

function firstLine(error: unknown): string {
  const [line = ''] = String((error as Error).message).split('\n')
  return line.replace(/\.?$/, '.')
}
