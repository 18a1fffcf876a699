/** The namespaces of WS-Management by the prefixes that are used in its documents. */
export const NAMESPACES = {
  s: 'http://www.w3.org/2003/05/soap-envelope',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  w: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  p: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  rsp: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  x: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
} as const

/** Of `wsmid:Identify`, which asks a service what it is (DSP0226, 11). */
export const IDENTITY_NAMESPACE = 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'

/** Text that may stand in an element or an attribute. XML has no way to write most control characters. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
