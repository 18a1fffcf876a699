import { crc16 } from './crc.ts'

/**
 * All that is ever sent to a Posnet printer, to the byte (POT-I-DEV-37): questions that print nothing, change nothing and
 * read no secret. `sastokeninfoget` would answer with one.
 */
const BODIES = Object.freeze({
  '!sprn': '!sprn\t',
  '!sdev': '!sdev\t',
  scomm: 'scomm\t',
  strns: 'strns\t',
  stot: 'stot\t',
  fmrecrd: 'fmrecrd\t',
  repositoryeventhubstate: 'repositoryeventhubstate\t',
  repositorywebapistate: 'repositorywebapistate\t',
  sfsk: 'sfsk\t',
  scnt: 'scnt\t',
  rtcget: 'rtcget\t',
  getrealid: 'getrealid\t',
  sid: 'sid\t',
  'certinfoget 0': 'certinfoget\tid0\t',
  'certinfoget 1': 'certinfoget\tid1\t',
  'certinfoget 2': 'certinfoget\tid2\t',
  'certinfoget 3': 'certinfoget\tid3\t',
  'certinfoget 4': 'certinfoget\tid4\t',
  'certinfoget 5': 'certinfoget\tid5\t',
  'certinfoget 6': 'certinfoget\tid6\t',
  repositorysenddatacheck: 'repositorysenddatacheck\t',
  connectionscheduleinfoget: 'connectionscheduleinfoget\t',
  ecmedinfoget: 'ecmedinfoget\t',
  eparagonbuffersummaryget: 'eparagonbuffersummaryget\t',
  nextmaintenanceget: 'nextmaintenanceget\t',
  subgettime: 'subgettime\t',
} as const)

export type Question = keyof typeof BODIES

/**
 * Whether it prints, sells and may be disturbed, and by which clock its times are told. The first two are answered at once,
 * even while it prints.
 */
export const QUICK: readonly Question[] = Object.freeze<Question[]>([
  '!sprn',
  '!sdev',
  'scomm',
  'strns',
  'stot',
  'fmrecrd',
  'repositoryeventhubstate',
  'repositorywebapistate',
  'rtcget',
])

/** Everything. */
export const THOROUGH: readonly Question[] = Object.freeze(Object.keys(BODIES) as Question[])

const STX = 0x02
const ETX = 0x03

/**
 * The frame of a question.
 * @param token four digits by which the answer is told from others
 * @throws TypeError for anything that is no question of the list: a fault of ours, since no parameter leads here
 */
export function encodeQuestion(question: Question, token?: number): Uint8Array {
  if (!Object.hasOwn(BODIES, question)) throw new TypeError(`The Posnet client never sends "${String(question)}".`)
  return frame(BODIES[question] + tokenText(token))
}

/** Asks for the answer to the question of this token once more; the printer keeps the last ones (`rpt`). */
export function encodeRepeat(token: number): Uint8Array {
  return frame(`rpt\t${tokenText(token)}`)
}

function tokenText(token: number | undefined): string {
  if (token === undefined) return ''
  if (!Number.isInteger(token) || token < 0 || token > 9999) throw new TypeError(`${token} is no token of four digits.`)
  return `@${String(token).padStart(4, '0')}\t`
}

function frame(body: string): Uint8Array {
  const bytes = Buffer.from(body, 'latin1')
  const checksum = crc16(bytes).toString(16).toUpperCase().padStart(4, '0')
  return Buffer.concat([Uint8Array.of(STX), bytes, Buffer.from(`#${checksum}`, 'latin1'), Uint8Array.of(ETX)])
}
