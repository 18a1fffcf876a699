import type { Device, Fleet } from '../../core/fleet.ts'
import { csvText } from './csv.ts'

const COLUMNS: Readonly<Record<string, (device: Device, fleet: Fleet) => string | number | undefined>> = {
  store: ({ store }) => store,
  device: ({ id }) => id,
  address: ({ address }) => address,
  kind: ({ kind }) => kind,
  os: ({ os }) => os.family,
  tags: ({ tags }) => tags.join(' '),
  transport: ({ transport }) => transport.type,
  port: ({ transport }) => transport.port,
  user: ({ transport }) => transport.user,
  via: ({ transport }) => transport.via,
  region: ({ region }) => region,
  profile: ({ profile }) => profile,
  store_name: ({ store }, fleet) => fleet.stores.get(store)?.name,
  city: ({ store }, fleet) => fleet.stores.get(store)?.address.city,
  time_zone: ({ store }, fleet) => fleet.stores.get(store)?.time_zone,
}

/** A device a row, for a spreadsheet. Values for runbooks are not in it. */
export function devicesCsv(devices: readonly Device[], fleet: Fleet): string {
  const rows = devices.map((device) => Object.values(COLUMNS).map((of) => String(of(device, fleet) ?? '')))
  return csvText([Object.keys(COLUMNS), ...rows])
}
