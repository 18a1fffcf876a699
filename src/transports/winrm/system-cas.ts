import { existsSync, readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

/** Where systems keep the authorities that they trust: Debian, Red Hat, SUSE, Alpine and macOS. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

let known: readonly string[] | undefined

/** The authorities of this machine, where a company adds its own, in PEM; those that come with Node where it has none. */
export function systemCas(): readonly string[] {
  if (known) return known
  const bundle = BUNDLES.find((file) => existsSync(file))
  known = bundle === undefined ? rootCertificates : [readFileSync(bundle, 'utf8')]
  return known
}
