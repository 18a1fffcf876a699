import { encodeMessage, GROUP, type IppValue, TAG } from './codec.ts'

const question = (operation: number, wanted: readonly string[]): Question => Object.freeze({ operation, wanted })
interface Question {
  readonly operation: number
  readonly wanted: readonly string[]
}

/** All that is ever asked over IPP. Both operations only read (RFC 8011, 4.2.5 and 4.2.6). */
export const QUESTIONS = Object.freeze({
  'Get-Printer-Attributes': question(0x000b, [
    'printer-state',
    'printer-state-reasons',
    'printer-state-message',
    'printer-state-change-time',
    'printer-is-accepting-jobs',
    'queued-job-count',
    'printer-up-time',
    'printer-make-and-model',
    'printer-firmware-name',
    'printer-firmware-string-version',
    'printer-device-id',
    'printer-supply',
    'printer-supply-description',
    'printer-input-tray',
    'marker-names',
    'marker-types',
    'marker-levels',
    'marker-high-levels',
    'printer-alert',
    'printer-alert-description',
    'printer-impressions-completed',
    'media-ready',
    'device-uri',
  ]),
  'Get-Jobs': question(0x000a, [
    'job-id',
    'job-state',
    'job-state-reasons',
    'job-printer-state-message',
    'time-at-creation',
    'time-at-completed',
  ]),
})
export type QuestionName = keyof typeof QUESTIONS

/** Which jobs `Get-Jobs` is about, and how many of them at most. */
export interface Jobs {
  readonly which: 'not-completed' | 'completed'
  readonly limit: number
}

/** The bytes of a question about the printer or queue at a URI. */
export function encodeQuestion(
  name: QuestionName,
  about: { readonly uri: string; readonly version: readonly [number, number]; readonly jobs?: Jobs },
): Buffer {
  const { operation, wanted } = QUESTIONS[name]
  const one = (tag: number, value: IppValue['value']): readonly IppValue[] => [{ tag, value }]
  const attributes = [
    { name: 'attributes-charset', values: one(TAG.charset, 'utf-8') },
    { name: 'attributes-natural-language', values: one(TAG.language, 'en') },
    { name: 'printer-uri', values: one(TAG.uri, about.uri) },
    { name: 'requesting-user-name', values: one(TAG.name, 'tillwright') },
    ...(about.jobs
      ? [
          { name: 'which-jobs', values: one(TAG.keyword, about.jobs.which) },
          { name: 'limit', values: one(TAG.integer, about.jobs.limit) },
        ]
      : []),
    { name: 'requested-attributes', values: wanted.map((value) => ({ tag: TAG.keyword, value })) },
  ]
  const groups = [{ tag: GROUP.operation, attributes }]
  return encodeMessage({ version: about.version, code: operation, requestId: 1, groups })
}
