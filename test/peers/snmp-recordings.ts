/** A printer in the form of snmpsim: identifiers in order, tags 2 number, 4 text, 4x octets, 6 identifier, 65 counter. */
export interface RecordedPrinter {
  readonly status: number
  readonly device: number
  /** `hrPrinterDetectedErrorState` in hexadecimal. */
  readonly bits: string
  /** Row of the printer among the devices. */
  readonly index?: number
  /** Levels; or name, capacity, level, type. */
  readonly trays?: readonly (number | readonly [string, number, number, number?])[]
  readonly cover?: number
  /** Name, class, type, maximum, level. */
  readonly supplies?: readonly (readonly [string, number, number, number, number])[]
  /** Severity, code, description. */
  readonly alerts?: readonly (readonly [number, number, string])[]
}

export function recordingOf(printer: RecordedPrinter): string[] {
  const { index = 1, trays = [-3], cover = 4, supplies = [], alerts = [] } = printer
  const hr = '1.3.6.1.2.1.25.3'
  const prt = '1.3.6.1.2.1.43'
  const lines: [string, string, string | number][] = [
    ['1.3.6.1.2.1.1.1.0', '4', 'HP ETHERNET MULTI-ENVIRONMENT,SN:PHBHJ02345'],
    ['1.3.6.1.2.1.1.3.0', '67', 8_640_000],
    ...(index === 1 ? [] : ([[`${hr}.2.1.2.1`, '6', `${hr}.1.3`]] as [string, string, string][])),
    [`${hr}.2.1.2.${index}`, '6', `${hr}.1.5`],
    [`${hr}.2.1.3.${index}`, '4', 'HP LaserJet Pro M404dn'],
    [`${hr}.2.1.5.${index}`, '2', printer.device],
    [`${hr}.5.1.1.${index}`, '2', printer.status],
    [`${hr}.5.1.2.${index}`, printer.bits === '' ? '4' : '4x', printer.bits],
    [`${prt}.5.1.1.17.1`, '4', 'PHBHJ02345'],
    [`${prt}.6.1.1.3.1.1`, '2', cover],
    [`${prt}.10.2.1.4.1.1`, '65', 123_456],
    ...trays.flatMap((tray, n) => {
      const [name, capacity, level, type] = typeof tray === 'number' ? [`Tray ${n + 1}`, 250, tray] : tray
      return [
        ...(type === undefined ? [] : [[`${prt}.8.2.1.2.1.${n + 1}`, '2', type] as [string, string, number]]),
        [`${prt}.8.2.1.9.1.${n + 1}`, '2', capacity] as [string, string, number],
        [`${prt}.8.2.1.10.1.${n + 1}`, '2', level] as [string, string, number],
        [`${prt}.8.2.1.13.1.${n + 1}`, '4', name] as [string, string, string],
      ]
    }),
    ...supplies.flatMap(([name, kind, type, max, level], n) =>
      [
        ['6', '4', name],
        ['4', '2', kind],
        ['5', '2', type],
        ['8', '2', max],
        ['9', '2', level],
      ].map(([column, tag, value]) => [`${prt}.11.1.1.${column}.1.${n + 1}`, tag, value] as [string, string, string]),
    ),
    ...alerts.flatMap(([severity, code, description], n) =>
      [
        ['2', '2', severity],
        ['7', '2', code],
        ['8', '4', description],
      ].map(([column, tag, value]) => [`${prt}.18.1.1.${column}.1.${n + 1}`, tag, value] as [string, string, string]),
    ),
  ]
  const arcs = (oid: string): number[] => oid.split('.').map(Number)
  const order = (one: string, other: string): number => {
    const [left, right] = [arcs(one), arcs(other)]
    const at = left.findIndex((arc, n) => arc !== right[n])
    return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1)
  }
  return lines.sort(([one], [other]) => order(one, other)).map((line) => line.join('|'))
}
