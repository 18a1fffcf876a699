import type { HandshakeGate } from '../transports/index.ts'

/** What one run of a controller may use. */
export interface Share {
  /** Logins at a time, in all of its threads together. */
  readonly logins: number
  /** Devices at a time. */
  readonly devices: number
  /** It is the only run. */
  readonly isAll: boolean
}

export interface Membership {
  readonly share: Share
  /** The gate of this thread, as far as the run has a share of it. */
  readonly gate: Pick<HandshakeGate, 'resize'>
  /** The run has ended: what it had is divided among the others. */
  leave(): void
}

interface Member {
  readonly onShare: (share: Share) => void
  logins: number
}

/** Divides what a controller allows among its runs in equal parts; each gets at least one. */
export class Budgets {
  readonly #gate: Pick<HandshakeGate, 'resize'>
  readonly #total: Omit<Share, 'isAll'>
  readonly #members = new Set<Member>()

  constructor(gate: Pick<HandshakeGate, 'resize'>, total: Omit<Share, 'isAll'>) {
    this.#gate = gate
    this.#total = total
  }

  /** `onShare` is called whenever the share of the run has changed since. */
  join(onShare: (share: Share) => void): Membership {
    const member: Member = { onShare, logins: 0 }
    for (const other of this.#members) other.onShare(this.#shareOf(this.#members.size + 1))
    this.#members.add(member)
    // Until it says otherwise, all of its logins are those of this thread.
    member.logins = this.#shareOf(this.#members.size).logins
    void this.#gate.resize(this.#loginsHere())
    const budgets = this
    return {
      get share() {
        return budgets.#shareOf(budgets.#members.size)
      },
      gate: {
        resize: (limit) => {
          member.logins = limit
          return this.#gate.resize(this.#loginsHere())
        },
      },
      leave: () => {
        this.#members.delete(member)
        for (const other of this.#members) other.onShare(this.#shareOf(this.#members.size))
        void this.#gate.resize(this.#loginsHere())
      },
    }
  }

  #shareOf(runs: number): Share {
    const part = (total: number): number => Math.max(1, Math.floor(total / Math.max(1, runs)))
    return { logins: part(this.#total.logins), devices: part(this.#total.devices), isAll: runs <= 1 }
  }

  /** Never more than there are, while one has not given back yet what another has already; all of them for whoever comes next. */
  #loginsHere(): number {
    const sum = [...this.#members].reduce((all, { logins }) => all + logins, 0)
    return this.#members.size === 0 ? this.#total.logins : Math.min(sum, this.#total.logins)
  }
}
