import type { Contract } from '../../core/contract.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { openPeriods, type Period } from '../../core/trading-hours.ts'
import { whenPeriods } from '../../engine/admission/when-periods.ts'
import { type Measured, type SlaResult, SlaSum } from '../../ledger/sla.ts'
import { timesOf } from '../../ledger/tally.ts'
import { aboutIn } from '../revision/about-devices.ts'
import { foldFleet, type LedgerQuestion, type StoreLedger } from './fleet-ledger.ts'

/** What contracts come to over a period, one result each, in their order. Takes long for a chain, and gives way in between. */
export async function foldContracts(
  question: Omit<LedgerQuestion, 'devices'>,
  contracts: readonly Contract[],
): Promise<readonly SlaResult[]> {
  const { fleet } = question
  const each = contracts.map((contract) => ({
    contract,
    sum: new SlaSum(contract),
    devices: devicesOf(fleet, contract),
  }))
  const wanted = [...fleet.devices.values()].filter(({ name }) => each.some(({ devices }) => devices.has(name)))
  for await (const ledger of foldFleet({ ...question, devices: wanted })) {
    for (const { contract, sum, devices } of each) {
      for (const measured of measuredOf(ledger, contract, devices)) sum.add(measured)
    }
  }
  return each.map(({ sum }) => sum.result())
}

/** Names of the devices that a contract is about. */
export function devicesOf(fleet: Fleet, contract: Contract): ReadonlySet<string> {
  const isAbout = aboutIn(fleet, contract)
  return new Set([...fleet.devices.values()].filter(isAbout).map(({ name }) => name))
}

function* measuredOf(ledger: StoreLedger, contract: Contract, devices: ReadonlySet<string>): Generator<Measured> {
  const own = ledger.devices.filter(({ device }) => devices.has(device.name))
  if (own.length === 0) return
  const { store, period: month } = ledger
  const hours = hoursOf(ledger, contract)
  const line = contract.line === 'excluded' ? lineOf(ledger) : []
  const counted = { planned: contract.maintenance === 'excluded' }
  const common = { month, hours, line }
  if (contract.of === 'selling') {
    const pauses = pausesOf(ledger, contract, { device: own[0]?.device })
    const intervals = ledger.selling(counted).by(contract.bound)
    yield { ...common, name: store.id, unit: contract.per === 'contract' ? contract.name : store.id, intervals, pauses }
    return
  }
  for (const { device } of own) {
    const intervals = ledger.boundedOf(device.id, counted)?.by(contract.bound) ?? []
    const unit = { contract: contract.name, store: store.id, device: device.name }[contract.per]
    yield { ...common, name: device.name, unit, intervals, pauses: pausesOf(ledger, contract, { device }) }
  }
}

function hoursOf({ store, period, trading }: StoreLedger, { hours }: Contract): readonly Period[] {
  if (hours === 'trading') return trading
  return hours === 'always' ? [period] : openPeriods({ hours, time_zone: store.time_zone }, period)
}

/** When nothing came through the gateway of the store, as far as it was looked at. */
function lineOf(ledger: StoreLedger): readonly Period[] {
  const { store, period } = ledger
  const line = store.gateway === undefined ? undefined : ledger.boundedOf(store.gateway)
  return line ? timesOf(line.by('seen'), 'down', [period]) : []
}

function pausesOf(
  { store, period, isAbout }: StoreLedger,
  { pauses }: Contract,
  { device }: { readonly device: Device | undefined },
): readonly Period[] {
  return pauses.flatMap((pause) =>
    device && isAbout(pause, device)
      ? whenPeriods(pause.when, { trading: store, calendar: () => undefined }, { within: period, reading: 'wide' })
      : [],
  )
}
