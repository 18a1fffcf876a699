import type { MqttBroker } from '../core/broker.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'

/**
 * Options of mqtt.js by which a broker is reached. Version 5 alone: 3.1.1 confirms what a broker drops. Whether to try again
 * is decided by whoever connects. `password` in clear.
 */
export function connectionOptions({ user, timeoutMs, ca }: Omit<MqttBroker, 'url'>, password: string | undefined) {
  const authorities = ca === undefined ? undefined : readRegular(ca, MOST_BYTES.text)
  return {
    protocolVersion: 5,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    keepalive: 30,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(authorities && { ca: authorities }),
  } as const
}

/** CONNACK of a broker that does not speak version 5: in the words of 3.1.1 (3.2.2.3), which most answer in, and of 5.0 (3.2.2.2). */
const OTHER_VERSION: ReadonlySet<unknown> = new Set([0x01, 0x84])

/** What an error of mqtt.js says, and of a broker that is too old what it lacks. */
export function said(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: string; code?: string | number }
  const text = message !== undefined && message !== '' ? message : String(code ?? 'unknown reason')
  return OTHER_VERSION.has(code) ? `the broker does not speak MQTT 5 (${text})` : text
}
