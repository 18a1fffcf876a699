/** A description of a source that comes with this program: expressions over `event` and `about`. */
export interface SourceLike {
  /** Events stand in this member of what comes. */
  readonly inner?: string
  readonly device?: string
  readonly store?: string
  readonly at?: string
  readonly kind?: string
  readonly id?: string
  readonly rules: readonly {
    readonly kinds: readonly string[]
    readonly count?: readonly string[]
    readonly marks?: Readonly<Record<string, string>>
    readonly facts?: Readonly<Record<string, boolean>>
  }[]
}

/**
 * SetEvents of Set Retail, version 2: fields and codes as its maker's support pages list them (crystals.atlassian.net, pages
 * 3790995520 and 3563421736). How tills are called is each fleet's own, so `device` is left to it. A code that is not in its list
 * is counted as unknown.
 */
const SET_EVENTS: SourceLike = {
  inner: 'event',
  at: 'event.dateTime',
  kind: 'event.mode',
  rules: [
    // A receipt begins, and goes on while there are goods in it.
    { kinds: ['4', '46', '6', '9', '12', '18', '81'], facts: { receipt_open: true } },
    { kinds: ['5'], count: ['receipts'], marks: { last_receipt_at: 'about.at' }, facts: { receipt_open: false } },
    { kinds: ['47'], count: ['refunds'], marks: { last_receipt_at: 'about.at' }, facts: { receipt_open: false } },
    { kinds: ['25'], count: ['cancelled_receipts'], facts: { receipt_open: false } },
    { kinds: ['55'], count: ['deferred_receipts'], facts: { receipt_open: false } },
    { kinds: ['3'], count: ['cashier_logins'] },
    { kinds: ['203'], count: ['rights_raised'] },
    { kinds: ['209'], count: ['x_reports'] },
    { kinds: ['210'], count: ['z_reports'], marks: { last_z_report_at: 'about.at' }, facts: { shift_open: false } },
    { kinds: ['112'], count: ['unknown_goods'] },
    { kinds: ['32', '36'], count: ['refused_cards'] },
    { kinds: ['40'], count: ['drawer_opened'] },
    // Nothing is made of these.
    { kinds: ['11', '31', '35', '37', '38', '39', '49', '50', '52', '62', '63', '64', '71', '77', '85', '126', '234'] },
  ],
}

export const LIKES: Readonly<Record<string, SourceLike>> = { 'set-events': SET_EVENTS }
