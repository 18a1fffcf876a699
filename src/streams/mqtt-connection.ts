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

/** What an error of mqtt.js says. */
export function said(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: string; code?: string | number }
  return message !== undefined && message !== '' ? message : String(code ?? 'unknown reason')
}
