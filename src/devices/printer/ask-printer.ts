import { fail, type Result } from '../../core/failure.ts'
import type { Ways, Whereabouts } from './approach.ts'
import { AUTO, PROTOCOLS, type PrinterProtocol } from './protocols.ts'
import { type Sighting, sight } from './sight.ts'
import { UNSUPPORTED_PROTOCOLS } from './unsupported.ts'

/** Other names under which inventories know protocols. */
const ALIASES: Readonly<Record<string, string>> = { zpl: 'zebra', novitus: 'novitus-xml' }

/** The names that `protocol` may have. */
export const PROTOCOL_NAMES: readonly string[] = [
  ...Object.keys(PROTOCOLS),
  'auto',
  ...Object.keys(ALIASES),
  ...Object.keys(UNSUPPORTED_PROTOCOLS),
].sort()

/** Asks a printer by its own protocol. A failure where the parameters do not say enough, or the step cannot go on. */
export async function askPrinter(
  where: Whereabouts,
  ways: Ways,
  how: { readonly thorough: boolean },
): Promise<Result<Sighting>> {
  const found = protocolOf(where.protocol)
  if ('missing' in found) return fail({ code: 'PARAMS_INVALID', phase: 'observe', message: found.missing })
  return sight(found, where, ways, how)
}

function protocolOf(
  asked: string | undefined,
): { readonly name: string; readonly is: PrinterProtocol } | { readonly missing: string } {
  const name = ALIASES[asked ?? ''] ?? asked ?? ''
  const is = name === 'auto' ? AUTO : PROTOCOLS[name]
  if (is) return { name, is }
  const cannot = UNSUPPORTED_PROTOCOLS[name]
  if (cannot) return { missing: `${cannot.reason} ${cannot.instead}` }
  return { missing: `There is no protocol "${name}". There are: ${PROTOCOL_NAMES.join(', ')}.` }
}
