import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** From where requests come: their peer, or whom proxies of ours name as theirs. */
export class ClientAddresses {
  readonly #proxies = new BlockList()

  /** Addresses and networks (`10.1.0.0/16`) of proxies, right by the schema. */
  constructor(proxies: readonly string[]) {
    for (const entry of proxies) {
      const [address = '', prefix] = entry.split('/')
      const family = familyOf(address)
      if (prefix === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(prefix), family)
    }
  }

  /**
   * The address of who asks. Each proxy adds its peer at the end of X-Forwarded-For; only what one of ours has added is believed, so the
   * last entry that is no proxy of ours counts. What is no address there is not believed either.
   */
  of({ socket, headers }: IncomingMessage): string {
    let address = plain(socket.remoteAddress ?? '')
    const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    while (this.#isProxy(address)) {
      const before = addressIn(hops.pop() ?? '')
      if (before === undefined) return address
      address = before
    }
    return address
  }

  #isProxy(address: string): boolean {
    return isIP(address) !== 0 && this.#proxies.check(address, familyOf(address))
  }
}

/** By what tries are counted: of IPv6 somebody has 2^64 addresses (RFC 4291, 2.5.4), which are one. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const before = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - behind.length) }, () => '0')
  const network = [...before, ...zeros, ...behind].slice(0, 4).map((part) => Number.parseInt(part, 16).toString(16))
  return `${network.join(':')}::/64`
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** An IPv4 address that came over a socket of both kinds, as it is written elsewhere. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** An entry without the port and the brackets that some proxies write. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim()
  const [, bare = text] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^([\d.]+):\d+$/.exec(text) ?? []
  const address = plain(bare)
  return isIP(address) === 0 ? undefined : address
}
