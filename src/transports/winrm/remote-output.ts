import { NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, type XmlElement } from '../../devices/winrm/xml-element.ts'

/** What one Receive brought. */
export interface Output {
  readonly pieces: readonly { readonly stream: 'stdout' | 'stderr'; readonly bytes: Buffer }[]
  /** The command has ended. */
  readonly exitCode?: number
}

/** The output in a reply to Receive, in order; undefined when the reply is none. Pieces may split characters. */
export function parseOutput(body: XmlElement): Output | undefined {
  const response = child(body, NAMESPACES.rsp, 'ReceiveResponse')
  if (!response) return undefined
  const pieces = response.children.flatMap(({ uri, name, attributes, text }) => {
    const stream = attributes.get('Name')
    if (uri !== NAMESPACES.rsp || name !== 'Stream' || (stream !== 'stdout' && stream !== 'stderr')) return []
    const bytes = Buffer.from(text, 'base64')
    return bytes.length === 0 ? [] : [{ stream, bytes } as const]
  })
  const state = child(response, NAMESPACES.rsp, 'CommandState')
  if (!state?.attributes.get('State')?.endsWith('/CommandState/Done')) return { pieces }
  const code = child(state, NAMESPACES.rsp, 'ExitCode')?.text.trim() ?? ''
  // Codes of NTSTATUS and HRESULT come without a sign.
  return { pieces, exitCode: /^-?\d{1,10}$/.test(code) ? Number(code) | 0 : -1 }
}
