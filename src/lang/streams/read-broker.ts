import type { Broker, KafkaBrokers, MqttBroker } from '../../core/broker.ts'
import type { JsonObject } from '../../core/json.ts'
import { durationIn, listIn, textIn } from './typed-values.ts'

export function mqttBroker(raw: JsonObject): MqttBroker {
  return { url: String(raw['url']), ...broker(raw) }
}

export function kafkaBrokers(raw: JsonObject): KafkaBrokers {
  const mechanism = textIn(raw['mechanism']) ?? 'SCRAM-SHA-512'
  return { brokers: listIn(raw['brokers']).map(String), tls: raw['tls'] === true, mechanism, ...broker(raw) }
}

function broker(raw: JsonObject): Broker {
  const [ca, user, password] = [textIn(raw['ca']), textIn(raw['user']), textIn(raw['password'])]
  return {
    timeoutMs: durationIn(raw['timeout'], 10_000),
    ...(ca !== undefined && { ca }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
  }
}
