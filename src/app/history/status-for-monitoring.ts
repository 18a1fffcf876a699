import type { Fleet } from '../../core/fleet.ts'
import { prometheusLabels } from '../../reporters/prometheus-labels.ts'
import type { ZabbixValue } from '../../reporters/zabbix-sender.ts'
import { countStates, type KnownState } from './device-status.ts'

/** Known states as a file for the textfile collector of node-exporter: no timestamps, and a line end behind the last line. */
export function* prometheusLines(known: readonly KnownState[], fleet: Fleet, now: Date): Generator<string> {
  const { counts, unknown } = countStates(known)
  yield* head('till_status_timestamp_seconds', 'When this was written, in seconds since 1970.')
  yield `till_status_timestamp_seconds ${Math.floor(now.getTime() / 1000)}\n`
  yield* head('till_devices', 'Devices by their last known state; never: no run has looked at them.')
  for (const [state, count] of Object.entries(counts)) yield `till_devices{state="${state}"} ${count}\n`
  yield* head('till_devices_unknown', 'Devices of which something could not be judged, or that no run has looked at.')
  yield `till_devices_unknown ${unknown}\n`
  yield* head('till_device_state', '1 for the last known state of a device.')
  for (const one of known) yield `till_device_state{${labels(one, fleet)},state="${one.state}"} 1\n`
  yield* head('till_device_unknown', '1 where something could not be judged, or no run has looked: it is not well.')
  for (const one of known) yield `till_device_unknown{${labels(one, fleet)}} ${one.unknown ? 1 : 0}\n`
  yield* head(
    'till_device_age_seconds',
    'How old the last known state was when this was written; none where no run has looked.',
  )
  for (const one of known) if (one.age_s !== null) yield `till_device_age_seconds{${labels(one, fleet)}} ${one.age_s}\n`
}

function* head(name: string, help: string): Generator<string> {
  yield `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`
}

function labels({ device }: KnownState, fleet: Fleet): string {
  const { store = '', region = '', kind = '' } = fleet.devices.get(device) ?? {}
  return prometheusLabels({ device, store, region, kind })
}

/** Devices as low-level discovery of Zabbix reads them (4.2 and later: a list without `data` around it). */
export function zabbixDiscovery(
  known: readonly KnownState[],
  fleet: Fleet,
): readonly Readonly<Record<string, string>>[] {
  return known.map(({ device }) => {
    const { store = '', region = '', kind = '' } = fleet.devices.get(device) ?? {}
    return { '{#DEVICE}': device, '{#STORE}': store, '{#REGION}': region, '{#KIND}': kind }
  })
}

/** Known states as values of trapper items of one Zabbix host: a list for discovery, and the items that come of it. */
export function zabbixValues(
  known: readonly KnownState[],
  { fleet, host, now }: { readonly fleet: Fleet; readonly host: string; readonly now: Date },
): readonly ZabbixValue[] {
  const value = (key: string, text: string | number): ZabbixValue => ({ host, key, value: String(text) })
  const { counts, unknown } = countStates(known)
  return [
    value('till.discovery', JSON.stringify(zabbixDiscovery(known, fleet))),
    value('till.time', Math.floor(now.getTime() / 1000)),
    value('till.unknown', unknown),
    ...Object.entries(counts).map(([state, count]) => value(`till.count[${state}]`, count)),
    ...known.flatMap(({ device, state, unknown: isUnknown, age_s }) => [
      value(`till.device.state[${device}]`, state),
      value(`till.device.unknown[${device}]`, isUnknown ? 1 : 0),
      ...(age_s === null ? [] : [value(`till.device.age[${device}]`, age_s)]),
    ]),
  ]
}
