import { type DeviceTime, deviceTime } from '../printer/device-time.ts'
import { commandOf, lrc, type Question, STX } from './questions.ts'

/** The answer to a question. */
export interface ShtrihAnswer {
  /** 0 where it was answered. */
  readonly error: number
  /** Behind the error. */
  readonly data: Buffer
}

/**
 * Reads one answer: STX, length, command, error, data, checksum.
 * @param bytes from STX on; what follows the frame is not looked at
 * @returns undefined for what is cut, damaged, or the answer to something else
 */
export function decodeAnswer(question: Question, bytes: Uint8Array): ShtrihAnswer | undefined {
  const length = bytes[1]
  if (bytes[0] !== STX || length === undefined || bytes.length < length + 3) return undefined
  const counted = bytes.subarray(1, length + 2)
  return lrc(counted) === bytes[length + 2] ? answerIn(question, counted.subarray(1)) : undefined
}

/** What a frame holds, whatever the version of the protocol: command, error, data. Undefined for another command's. */
export function answerIn(question: Question, body: Uint8Array): ShtrihAnswer | undefined {
  const command = commandOf(question)
  if (!command.every((byte, index) => body[index] === byte)) return undefined
  const error = body[command.length]
  return error === undefined ? undefined : { error, data: Buffer.from(body.subarray(command.length + 1)) }
}

/** 10h and, with other places, 11h. */
export interface ShtrihState {
  readonly flags: number
  readonly mode: number
  readonly submode: number
}

export function shortState({ data }: ShtrihAnswer): ShtrihState | undefined {
  return data.length < 5 ? undefined : stateAt(data, 1)
}

/** Errors that 10h tells of the fiscal memory and of the journal (EKLZ): 0 for none. */
export function memoryErrors({ data }: ShtrihAnswer): readonly number[] {
  return [...data.subarray(8, 10)]
}

export interface FullState extends ShtrihState {
  readonly firmware: string
  readonly document: number
  readonly clock: DeviceTime | undefined
  readonly serial: string
  readonly lastShift: number
  /** Of the fiscal memory of models without fiscal storage. */
  readonly freeRecords: number
  readonly taxpayer: string | undefined
}

export function fullState({ data }: ShtrihAnswer): FullState | undefined {
  if (data.length < 46) return undefined
  return {
    ...stateAt(data, 11),
    firmware: `${String.fromCharCode(data[1] ?? 0)}.${String.fromCharCode(data[2] ?? 0)}.${data.readUInt16LE(3)}`,
    document: data.readUInt16LE(9),
    clock: dayMonthYear(data.subarray(23, 29)),
    serial: String(data.readUInt32LE(30)).padStart(8, '0'),
    lastShift: data.readUInt16LE(34),
    freeRecords: data.readUInt16LE(36),
    taxpayer: taxpayerOf(data.subarray(40, 46)),
  }
}

function stateAt(data: Buffer, at: number): ShtrihState {
  return { flags: data.readUInt16LE(at), mode: (data[at + 2] ?? 0) & 0x0f, submode: data[at + 3] ?? 0 }
}

/** Day, month, year, hour, minute, second: so 11h tells its clock. The fiscal storage has it the other way round. */
function dayMonthYear([day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0]: Buffer):
  | DeviceTime
  | undefined {
  return deviceTime([2000 + year, month, day, hour, minute, second], 1_000)
}

/** Year, month, day and, if they are there, hour and minute: so the fiscal storage tells it. */
function yearMonthDay([year = 0, month = 0, day = 0, hour, minute]: Buffer): DeviceTime | undefined {
  const exactToMs = hour === undefined ? 86_400_000 : 60_000
  return deviceTime([2000 + year, month, day, hour ?? 0, minute ?? 0, 0], exactToMs)
}

function taxpayerOf(bytes: Buffer): string | undefined {
  const number = bytes.readUIntLE(0, 6)
  return number === 0xffff_ffff_ffff ? undefined : String(number).padStart(12, '0')
}

/** FF01h. */
export interface StorageState {
  /** 0 being set up, 1 prepared, 3 in use, 7 closed, 15 closed and everything sent. */
  readonly phase: number
  /** 0: none is open. */
  readonly document: number
  readonly isShiftOpen: boolean
  readonly warnings: number
  readonly lastDocumentAt: DeviceTime | undefined
  readonly number: string
  readonly lastDocument: number
}

export function storageState({ data }: ShtrihAnswer): StorageState | undefined {
  if (data.length < 30) return undefined
  return {
    phase: data[0] ?? 0,
    document: data[1] ?? 0,
    isShiftOpen: data[3] === 1,
    warnings: data[4] ?? 0,
    lastDocumentAt: yearMonthDay(data.subarray(5, 10)),
    number: data
      .subarray(10, 26)
      .toString('latin1')
      .replace(/[^\x20-\x7e]/g, '')
      .trim(),
    lastDocument: data.readUInt32LE(26),
  }
}

/** FF39h. */
export interface ExchangeState {
  readonly flags: number
  readonly unsent: number
  readonly firstDocument: number
  readonly firstAt: DeviceTime | undefined
}

export function exchangeState({ data }: ShtrihAnswer): ExchangeState | undefined {
  if (data.length < 13) return undefined
  return {
    flags: data[0] ?? 0,
    unsent: data.readUInt16LE(2),
    firstDocument: data.readUInt32LE(4),
    firstAt: yearMonthDay(data.subarray(8, 13)),
  }
}

/** FF03h: until when, and how often it may be registered anew. */
export function storageValidity({
  data,
}: ShtrihAnswer): { until: DeviceTime | undefined; registrations: number } | undefined {
  return data.length < 4 ? undefined : { until: yearMonthDay(data.subarray(0, 3)), registrations: data[3] ?? 0 }
}

/** FF3Fh. */
export function unconfirmedDocuments({ data }: ShtrihAnswer): number | undefined {
  return data.length < 2 ? undefined : data.readUInt16LE(0)
}

/** FF40h. Of a closed shift, the receipts are the documents that the one before had. */
export function shiftState({ data }: ShtrihAnswer): { isOpen: boolean; number: number; receipts: number } | undefined {
  return data.length < 5
    ? undefined
    : { isOpen: data[0] === 1, number: data.readUInt16LE(1), receipts: data.readUInt16LE(3) }
}
