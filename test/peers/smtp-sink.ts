import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

export interface Mail {
  readonly to: readonly string[]
  readonly text: string
  readonly id: string
}

/** A mail server (RFC 5321) that keeps what it gets. It can lose its answer to a message that it has taken, as servers do that go away. */
export class SmtpSink {
  readonly mails: Mail[] = []
  /** Whether the answer to the next message is lost. */
  loses: () => boolean = () => false
  /** What it says to a recipient. */
  answerTo: (address: string) => string = () => '250 ok'
  readonly #server: Server = createServer((socket) => this.#talk(socket))

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server.close()
  }

  #talk(socket: Socket): void {
    let text = ''
    let to: string[] = []
    let isData = false
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const part = text.slice(0, end)
        text = text.slice(end + (isData ? 5 : 2))
        if (isData) {
          isData = false
          this.mails.push({ to, text: part, id: /^Message-ID:\s*(\S+)/im.exec(part)?.[1] ?? '' })
          to = []
          if (this.loses()) socket.destroy()
          else say('250 taken')
          continue
        }
        const [, word = '', address = ''] = /^(\w+)[^<]*<?([^>]*)/.exec(part) ?? []
        switch (word.toUpperCase()) {
          case 'EHLO':
            say('250 sink')
            break
          case 'RCPT': {
            const answer = this.answerTo(address)
            if (answer.startsWith('250')) to.push(address)
            say(answer)
            break
          }
          case 'DATA':
            isData = true
            say('354 go on')
            break
          case 'QUIT':
            say('221 bye')
            socket.end()
            break
          default:
            say('250 ok')
        }
      }
    })
    say('220 sink')
  }
}
