/** Octets `index=2;class=supplyThatIsConsumed;…;level=75;` as a map (PWG 5100.13, `printer-supply`). */
export function fieldsOf(octets: string): ReadonlyMap<string, string> {
  const pairs = octets.split(';').map((pair) => pair.split(/=(.*)/s) as [string, string?])
  return new Map(pairs.filter(([name]) => name !== '').map(([name, value]) => [name.trim(), value ?? '']))
}
