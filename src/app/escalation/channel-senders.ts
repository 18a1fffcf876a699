import type { Channel } from '../../core/escalation.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { httpSender } from '../../hooks/channels/http.ts'
import { jiraSender } from '../../hooks/channels/jira.ts'
import type { ChannelSender } from '../../hooks/channels/outgoing.ts'
import { smtpSender } from '../../hooks/channels/smtp.ts'
import { secretSources } from '../../secrets/index.ts'
import type { Project } from '../project.ts'
import { secretReader } from '../reach/secrets.ts'

/** Its secret cannot be read. */
export interface NoSender {
  readonly why: string
}

/** The channels of a revision; the secret of each is read when it first sends. */
export class ChannelSenders {
  readonly #project: Project
  readonly #opened = new Map<string, Promise<ChannelSender | NoSender>>()

  constructor(project: Project) {
    this.#project = project
  }

  /** A channel that cannot be used now is tried anew the next time. */
  async of(channel: Channel): Promise<ChannelSender | NoSender> {
    const opened = this.#opened.get(channel.name) ?? this.#open(channel)
    this.#opened.set(channel.name, opened)
    const sender = await opened
    if ('why' in sender) this.forget(channel)
    return sender
  }

  /** It did not take what was sent: its secret may be another one by now, and is read anew. */
  forget(channel: Channel): void {
    this.#opened.delete(channel.name)
  }

  async #open(channel: Channel): Promise<ChannelSender | NoSender> {
    const reference = secretOf(channel)
    const sources = secretSources(this.#project.root, this.#project.settings.secrets)
    const secret = reference === undefined ? undefined : await secretReader(sources, new Masker()).read(reference)
    if (secret && !secret.ok)
      return { why: `The secret of the channel ${channel.name} cannot be read: ${secret.failure.message}` }
    const text = secret?.value.reveal()
    switch (channel.kind) {
      case 'smtp':
        return smtpSender(channel, text)
      case 'http':
        return httpSender(channel, text)
      case 'jira':
        return jiraSender(channel, text ?? '')
    }
  }
}

function secretOf(channel: Channel): string | undefined {
  switch (channel.kind) {
    case 'smtp':
      return channel.login?.password
    case 'http':
      return channel.token ?? channel.basic?.password
    case 'jira':
      return channel.token
  }
}
