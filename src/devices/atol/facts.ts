import type { JsonObject, JsonValue } from '../../core/json.ts'
import { isoOf, readDeviceTime, skewSeconds } from '../printer/device-time.ts'
import { numberIn, objectIn, textIn } from '../printer/json-answer.ts'
import type { Condition, FiscalFacts, Identity } from '../printer/reading.ts'
import type { TaskResult } from './exchange.ts'
import type { ReadTask } from './tasks.ts'

export type Results = ReadonlyMap<ReadTask, TaskResult>

/** The object in which a task puts what it has read: `deviceStatus` of `getDeviceStatus`. */
function said(results: Results, task: ReadTask, name: string): JsonObject | undefined {
  const result = results.get(task)?.result
  return objectIn(result, name) ?? result
}

export function identityOf(results: Results): Identity {
  const info = said(results, 'getDeviceInfo', 'deviceInfo')
  const [serial, model] = [textIn(info, 'serial'), textIn(info, 'modelName')]
  const firmware = textIn(info, 'firmwareVersion')
  const unique = textIn(objectIn(said(results, 'getRegistrationInfo', 'device')), 'registrationNumber')
  return {
    vendor: 'ATOL',
    ...(model && { model }),
    ...(firmware && { firmware }),
    ...(serial && { serial }),
    ...(unique && { unique_number: unique }),
  }
}

/** What stands in the way of the next receipt, by `getDeviceStatus` and the warnings of the fiscal storage. */
export function stateConditions(results: Results, blockedBy: string | undefined): Condition[] {
  const status = said(results, 'getDeviceStatus', 'deviceStatus')
  const is = (name: string, value: JsonValue): boolean => status?.[name] === value
  const found: Condition[] = []
  const add = (name: Condition['name'], evidence: string): void => void found.push({ name, evidence })
  if (blockedBy !== undefined) add('device-blocked', `the driver's queue is blocked by ${blockedBy}`)
  if ([...results.values()].some((result) => result.status === 'blocked'))
    add('device-blocked', 'a task ended as blocked')
  if (is('blocked', true)) add('device-blocked', 'deviceStatus.blocked: true')
  if (is('coverOpened', true)) add('cover-open', 'deviceStatus.coverOpened: true')
  if (is('paperPresent', false)) add('paper-out', 'deviceStatus.paperPresent: false')
  if (is('fnPresent', false)) add('storage-locked', 'deviceStatus.fnPresent: false')
  else if (is('fnFiscal', false)) add('not-fiscal', 'deviceStatus.fnFiscal: false')
  // What the driver can tell of a device (its parameters of the status), where its task hands it on.
  for (const [name, condition] of FLAGS) if (is(name, true)) add(condition, `deviceStatus.${name}: true`)
  const failed = [...results].find(([, { status: state }]) => state === 'error')
  if (failed) add('other-error', `${failed[0]}: ${failed[1].error ?? 'error'}`)
  return [...storagePhase(results), ...found, ...storageWarnings(results)]
}

const FLAGS: readonly (readonly [flag: string, Condition['name']])[] = [
  ['invalidFn', 'storage-locked'],
  ['cutError', 'cutter-error'],
  ['printerError', 'mechanism-error'],
  ['printerOverheat', 'overheated'],
  ['printerConnectionLost', 'mechanism-error'],
  ['paperNearEnd', 'paper-low'],
]

/** `livePhase` of getFnInfo: a device sells while its storage is in `fiscalMode`, and in no other phase of its life. */
const PHASES: Readonly<Record<string, readonly [Condition['name'], string]>> = {
  init: ['not-fiscal', 'the fiscal storage is not set up yet'],
  configured: ['not-fiscal', 'the fiscal storage is not registered yet'],
  postFiscalMode: ['storage-locked', 'the fiscal storage was closed for good'],
  accessArchive: ['storage-locked', 'the fiscal storage was closed for good'],
}
const IN_USE = 'fiscalMode'

function storagePhase(results: Results): Condition[] {
  const phase = textIn(said(results, 'getFnInfo', 'fnInfo'), 'livePhase')
  if (phase === undefined || phase === IN_USE) return []
  const [name, words] = PHASES[phase] ?? ['other-error', 'a phase that nothing here names']
  return [{ name, evidence: `fnInfo.livePhase: ${phase}: ${words}` }]
}

/** Bits of the fiscal storage (FFD protocol, `warnings` of getFnInfo). */
const STORAGE: Readonly<Record<string, Condition['name']>> = {
  criticalError: 'storage-locked',
  memoryOverflow: 'fiscal-memory-low',
  resourceExhausted: 'storage-expiring',
  needReplacement: 'storage-expiring',
  ofdTimeout: 'transmission-failing',
}

function storageWarnings(results: Results): Condition[] {
  const info = said(results, 'getFnInfo', 'fnInfo')
  const warnings = objectIn(info, 'warnings') ?? objectIn(said(results, 'getFnStatus', 'fnStatus'), 'warnings')
  const raised = Object.keys(STORAGE).filter((name) => warnings?.[name] === true)
  return raised.map((name) => ({ name: STORAGE[name] ?? 'other-warning', evidence: `fn warnings.${name}` }))
}

/** @param read when the answers came: milliseconds since 1970 */
export function clockOf(
  results: Results,
  read: { readonly from: number; readonly to: number },
  timeZone: string,
): Pick<FiscalFacts, 'clock' | 'clock_read_at' | 'clock_skew_s'> {
  const time = readDeviceTime(textIn(said(results, 'getDeviceStatus', 'deviceStatus'), 'currentDateTime'))
  if (!time) return {}
  return {
    clock: isoOf(time, timeZone),
    clock_read_at: new Date(read.to).toISOString(),
    clock_skew_s: skewSeconds(time, read, timeZone),
  }
}

export function fiscalFacts(results: Results, timeZone: string): FiscalFacts {
  const status = said(results, 'getDeviceStatus', 'deviceStatus')
  const exchange = results.get('ofdExchangeStatus')?.result
  const validUntil = dateIn(said(results, 'getFnInfo', 'fnInfo'), 'validityDate', timeZone)
  const fiscal = status?.['fiscal']
  return {
    ...(typeof fiscal === 'boolean' && { fiscal_mode: fiscal }),
    ...shiftOf(results),
    ...sendingOf(exchange, timeZone),
    ...(validUntil && { storage_valid_until: validUntil }),
  }
}

function shiftOf(results: Results): Pick<FiscalFacts, 'shift'> {
  const shift = said(results, 'getShiftStatus', 'shiftStatus')
  const state = textIn(shift, 'state') ?? textIn(said(results, 'getDeviceStatus', 'deviceStatus'), 'shift')
  const known = { opened: 'open', closed: 'closed', expired: 'expired' } as const
  const word = known[state as keyof typeof known]
  const number = numberIn(shift, 'number')
  return word ? { shift: { state: word, ...(number !== undefined && { number }) } } : {}
}

function sendingOf(exchange: JsonObject | undefined, timeZone: string): Pick<FiscalFacts, 'unsent' | 'transmission'> {
  const status = objectIn(exchange, 'status')
  const count = numberIn(status, 'notSentCount')
  // Without unsent documents the date is that of the beginning of time.
  const oldest = count ? dateIn(status, 'notSentFirstDocDateTime', timeZone) : undefined
  const errors = objectIn(exchange, 'errors')
  const lastOk = dateIn(errors, 'lastSuccessConnectionDateTime', timeZone)
  const trouble = ['network', 'ofd', 'fn'].flatMap((name) => {
    const error = objectIn(errors, name)
    return numberIn(error, 'code') ? [`${name}: ${textIn(error, 'description') ?? numberIn(error, 'code')}`] : []
  })
  return {
    ...(count !== undefined && { unsent: { count, ...(oldest && { oldest_at: oldest }) } }),
    ...((lastOk || trouble.length > 0) && {
      transmission: {
        ...(lastOk && { last_ok_at: lastOk }),
        ...(trouble.length > 0 && { last_result: trouble.join('; ') }),
      },
    }),
  }
}

function dateIn(object: JsonObject | undefined, name: string, timeZone: string): string | undefined {
  const time = readDeviceTime(textIn(object, name))
  return time && isoOf(time, timeZone)
}
