import { isIP, isIPv6 } from 'node:net'

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i

/** Why a text is neither a host name (RFC 1123, underscores accepted) nor an IP address; undefined when it is one. */
export function addressFault(address: string): string | undefined {
  if (isIP(address) > 0 && !address.includes('%')) return undefined
  if (/^\[.*\]:\d+$/.test(address)) {
    return 'Write IPv6 addresses without brackets; the port belongs in `transport: {port: …}`.'
  }
  const [alone = '', length] = address.split('/')
  if (length !== undefined && /^\d+$/.test(length) && isIP(alone) > 0) {
    return `Write the address of the device alone: ${alone}. A network with its length belongs nowhere here.`
  }
  if (/^\[.*\]$/.test(address)) return 'Write IPv6 addresses without brackets.'
  if (/^[^:]+:\d+$/.test(address)) return 'The port belongs in `transport: {port: …}`.'
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return 'Write the host name or IP address alone, without a scheme.'
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return 'Each of the four numbers of an IP address is from 0 to 255.'
  if (/^[\d.]+$/.test(address)) return 'An IP address has four numbers, a host name at least one letter.'
  const labels = address.replace(/\.$/, '').split('.')
  const isName =
    address.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  return isName ? undefined : 'Host names are made of letters, digits, dashes and dots.'
}

/** The same for every way of writing the same address. */
export function canonicalAddress(address: string): string {
  if (isIPv6(address)) return new URL(`http://[${address}]`).hostname
  return address.toLowerCase().replace(/\.$/, '')
}
