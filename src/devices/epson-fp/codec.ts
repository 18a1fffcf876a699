import { SaxesParser } from 'saxes'

/*
 * Epson's fiscal printers of Italy (FP-81, FP-90, FP-90III RT and the like), by the "ePOS Fiscal Print Solution Development
 * Guide" of Epson Italia and the library that comes with it (fiscalprint.js): questions and answers are XML in a SOAP
 * envelope, by HTTP.
 */

/** Of the web service; `devid` is the printer itself, and not one of those behind it. */
export const PATH = '/cgi-bin/fpmate.cgi'

/** The two kinds of status. Printers that are no telematic ones do not know the second. */
export type StatusType = 0 | 1

/** All that ever leaves: a question that prints and changes nothing. */
export function encodeQuestion(statusType: StatusType): string {
  const question = `<printerCommand><queryPrinterStatus operator="1" statusType="${statusType}" /></printerCommand>`
  return `<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${question}</s:Body></s:Envelope>`
}

export interface EpsonAnswer {
  readonly success: boolean
  /** Why not: `EPTR_REC_EMPTY`, `FP_NO_ANSWER`, `PRINTER ERROR` … */
  readonly code: string
  /** A number that goes with it. */
  readonly status: string
  /** What it says of itself, by the names of the guide. */
  readonly facts: ReadonlyMap<string, string>
}

/** Undefined for what is no answer of the service. */
export function answerIn(body: Uint8Array): EpsonAnswer | undefined {
  let found: Omit<EpsonAnswer, 'facts'> | undefined
  const facts = new Map<string, string>()
  const path: string[] = []
  let isWellFormed = true
  const parser = new SaxesParser()
  parser.on('error', () => {
    isWellFormed = false
  })
  parser.on('doctype', () => {
    isWellFormed = false
  })
  parser.on('opentag', ({ name, attributes }) => {
    path.push(name)
    if (name !== 'response') return
    const { success = '', code = '', status = '' } = attributes
    found = { success: /^(1|true)$/.test(success), code, status }
  })
  parser.on('text', (text) => {
    if (path.at(-2) === 'addInfo') facts.set(path.at(-1) ?? '', text.trim())
  })
  parser.on('closetag', () => {
    path.pop()
  })
  parser.write(Buffer.from(body).toString('utf8').trim()).close()
  return found && isWellFormed ? { ...found, facts } : undefined
}
