/** How a broker is reached and logged in to, for events that go to it as for those that come from it. */
export interface Broker {
  /** To connect, and for each answer, in milliseconds. */
  readonly timeoutMs: number
  readonly user?: string
  /** Where the password is. */
  readonly password?: string
  /** A file of authorities. */
  readonly ca?: string
}

export interface MqttBroker extends Broker {
  readonly url: string
}

export interface KafkaBrokers extends Broker {
  readonly brokers: readonly string[]
  readonly tls: boolean
  /** By which a password is proven (SASL). */
  readonly mechanism: string
}
