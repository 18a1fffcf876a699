import { randomUUID } from 'node:crypto'
import { NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, type XmlElement } from '../../devices/winrm/xml-element.ts'
import type { StartProgram } from '../windows/program.ts'
import { TextCommand } from './text-command.ts'
import { fault, reply, shellCreated, type WsmanReply } from './wsman-reply.ts'
import type { WsmanRequest } from './wsman-request.ts'

/** Of an untouched Windows: MaxShellsPerUser, and MaxProcessesPerShell. */
const MOST_SHELLS = 30
const MOST_COMMANDS = 25
const IDLE_MS = 7_200_000

/** STATUS_CONTROL_C_EXIT, and what a command that was ended leaves. */
const EXIT = { ctrl_c: 0xc000013a, ctrl_break: 0xc000013a, terminate: 1 } as const

interface Shell {
  readonly id: string
  readonly environment: ReadonlyMap<string, string>
  readonly commands: Map<string, TextCommand>
  readonly idleMs: number
  timer?: NodeJS.Timeout
  /** Requests that are being held. */
  held: number
}

/** The text shells of one device (MS-WSMV 3.1.4), for its one account. */
export class TextShells {
  readonly #shells = new Map<string, Shell>()
  readonly #start: StartProgram
  readonly #owner: string
  readonly #on: { readonly onStart: () => void; readonly onEnd: () => void }

  /** `onStart` and `onEnd` are called whenever one of them was opened, and has ended. */
  constructor(
    start: StartProgram,
    more: { readonly owner: string; readonly onStart: () => void; readonly onEnd: () => void },
  ) {
    this.#start = start
    this.#owner = more.owner
    this.#on = more
  }

  get size(): number {
    return this.#shells.size
  }

  async handle(request: WsmanRequest): Promise<WsmanReply> {
    if (request.action === 'Create') return this.#create(request)
    const shell = this.#shells.get(request.shell ?? '')
    if (!shell) return fault('gone', request.messageId)
    this.#touch(shell)
    switch (request.action) {
      case 'Delete':
        return this.#delete(shell, request)
      case 'Command':
        return this.#command(shell, request)
      case 'Send':
        return this.#send(shell, request)
      case 'Signal':
        return this.#signal(shell, request)
      case 'Receive':
        return this.#receive(shell, request)
    }
  }

  /** Ends all of them, as a restart of the device does. */
  drop(): void {
    for (const shell of [...this.#shells.values()]) this.#end(shell)
  }

  #create({ messageId, body }: WsmanRequest): WsmanReply {
    const desired = child(body, NAMESPACES.rsp, 'Shell')
    if (!desired) return fault('parameter', messageId)
    const id = (desired.attributes.get('ShellId') ?? randomUUID()).toUpperCase()
    if (this.#shells.has(id)) return fault('exists', messageId)
    if (this.#shells.size >= MOST_SHELLS) return fault('shells', messageId)
    const variables = child(desired, NAMESPACES.rsp, 'Environment')?.children ?? []
    const environment = new Map(variables.map(({ attributes, text }) => [attributes.get('Name') ?? '', text]))
    // Windows takes what stands between percent signs for the name of another variable.
    if ([...environment.values()].some((value) => value.includes('%') || value.length > 32_767)) {
      return fault('parameter', messageId)
    }
    const shell: Shell = { id, environment, commands: new Map(), idleMs: idleOf(desired), held: 0 }
    this.#shells.set(id, shell)
    this.#on.onStart()
    this.#touch(shell)
    return reply(
      `${NAMESPACES.x}/CreateResponse`,
      messageId,
      shellCreated({ id, owner: this.#owner, idleMs: shell.idleMs }),
    )
  }

  #delete(shell: Shell, { messageId }: WsmanRequest): WsmanReply {
    this.#end(shell)
    return reply(`${NAMESPACES.x}/DeleteResponse`, messageId, '')
  }

  #command(shell: Shell, { messageId, body }: WsmanRequest): WsmanReply {
    const desired = child(body, NAMESPACES.rsp, 'CommandLine')
    const command = child(desired, NAMESPACES.rsp, 'Command')
    if (!desired || !command) return fault('parameter', messageId)
    const id = (desired.attributes.get('CommandId') ?? randomUUID()).toUpperCase()
    if (shell.commands.has(id)) return fault('exists', messageId)
    if (shell.commands.size >= MOST_COMMANDS) return fault('processes', messageId)
    const words = desired.children.filter(({ name }) => name === 'Command' || name === 'Arguments')
    const line = words.map(({ text }) => text).join(' ')
    const started = new TextCommand(id, line, (output, given) => this.#start(given, shell.environment, output))
    shell.commands.set(id, started)
    const answer = `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`
    return reply(`${NAMESPACES.rsp}/CommandResponse`, messageId, answer)
  }

  #send(shell: Shell, { messageId, body }: WsmanRequest): WsmanReply {
    const streams = child(body, NAMESPACES.rsp, 'Send')?.children ?? []
    for (const { attributes, text } of streams) {
      const command = shell.commands.get((attributes.get('CommandId') ?? '').toUpperCase())
      if (!command) return fault('gone', messageId)
      if (attributes.get('Name') !== 'stdin') return fault('parameter', messageId)
      const isLast = /^(true|1)$/i.test(attributes.get('End') ?? '')
      if (!command.write(Buffer.from(text, 'base64'), isLast)) return fault('closing', messageId)
    }
    return reply(`${NAMESPACES.rsp}/SendResponse`, messageId, '<rsp:SendResponse/>')
  }

  #signal(shell: Shell, { messageId, body }: WsmanRequest): WsmanReply {
    const signal = child(body, NAMESPACES.rsp, 'Signal')
    const command = shell.commands.get((signal?.attributes.get('CommandId') ?? '').toUpperCase())
    if (!command) return fault('gone', messageId)
    const name = child(signal, NAMESPACES.rsp, 'Code')?.text.trim().split('/').at(-1) ?? ''
    if (!Object.hasOwn(EXIT, name)) return fault('parameter', messageId)
    command.interrupt(EXIT[name as keyof typeof EXIT])
    return reply(`${NAMESPACES.rsp}/SignalResponse`, messageId, '<rsp:SignalResponse/>')
  }

  async #receive(shell: Shell, request: WsmanRequest): Promise<WsmanReply> {
    const { messageId, body } = request
    const desired = child(body, NAMESPACES.rsp, 'Receive', 'DesiredStream')
    const id = desired?.attributes.get('CommandId')
    if (id === undefined) return fault('parameter', messageId)
    const command = shell.commands.get(id.toUpperCase())
    if (!command) return fault('gone', messageId)
    shell.held += 1
    try {
      return await command.receive(request)
    } finally {
      shell.held -= 1
      this.#touch(shell)
    }
  }

  /** It ends by itself when nobody asked anything of it for so long. */
  #touch(shell: Shell): void {
    clearTimeout(shell.timer)
    if (shell.held > 0 || this.#shells.get(shell.id) !== shell) return
    shell.timer = setTimeout(() => this.#end(shell), shell.idleMs)
    shell.timer.unref()
  }

  #end(shell: Shell): void {
    this.#shells.delete(shell.id)
    clearTimeout(shell.timer)
    for (const command of shell.commands.values()) command.drop()
    this.#on.onEnd()
  }
}

function idleOf(desired: XmlElement): number {
  const text = child(desired, NAMESPACES.rsp, 'IdleTimeOut')?.text.trim() ?? ''
  const seconds = /^PT(\d+(?:\.\d+)?)S$/.exec(text)?.[1]
  return seconds === undefined ? IDLE_MS : Math.min(IDLE_MS, Number(seconds) * 1000)
}
