import type { KafkaBrokers } from '../core/broker.ts'

/** Settings of librdkafka by which brokers are reached. `password` in clear. */
export function connectionSettings(
  { brokers, tls, ca, user, mechanism, timeoutMs }: KafkaBrokers,
  password: string | undefined,
): Readonly<Record<string, unknown>> {
  return {
    'metadata.broker.list': brokers.join(','),
    'socket.timeout.ms': timeoutMs,
    'security.protocol': `${password === undefined ? '' : 'sasl_'}${tls ? 'ssl' : 'plaintext'}`,
    ...(ca !== undefined && { 'ssl.ca.location': ca }),
    ...(password !== undefined && {
      'sasl.mechanisms': mechanism,
      'sasl.username': user,
      'sasl.password': password,
    }),
  }
}
