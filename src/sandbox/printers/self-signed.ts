import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'

/** A key and a certificate signed by it, both in PEM, as a printer shows over TLS. */
export interface SelfSigned {
  readonly key: string
  readonly cert: string
}

const SEQUENCE = 0x30
const SET = 0x31
/** ecdsa-with-SHA256 (1.2.840.10045.4.3.2), and the attribute commonName (2.5.4.3), as DER. */
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')

/** Makes one with these dates (X.509 version 1, RFC 5280: no extensions). */
export function selfSigned(name: string, validFrom: Date, validTo: Date): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  const who = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(name)))))
  const serial = der(0x02, Buffer.from([1]))
  const dates = der(SEQUENCE, time(validFrom), time(validTo))
  const body = der(SEQUENCE, serial, ECDSA_SHA256, who, dates, who, publicKey)
  const signature = sign('sha256', body, createPrivateKey(privateKey))
  const whole = der(SEQUENCE, body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return { key: privateKey, cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` }
}

/** UTCTime: good until 2049. */
function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(text.slice(2)))
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
