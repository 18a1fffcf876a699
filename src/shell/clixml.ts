/**
 * What Windows PowerShell writes to a stderr that is no console, as a person would have seen it: errors only, no
 * progress. Text around it stays; what is not whole, or not of this form, stays as it is.
 */
export function readClixml(text: string): string {
  if (!text.includes('#< CLIXML')) return text
  return text
    .replace(/#< CLIXML\r?\n?/g, '')
    .replace(/<Objs\b[^>]*?(?:\/>|>(.*?)<\/Objs>)/gs, (_whole, inside: string | undefined) => errorsIn(inside ?? ''))
}

function errorsIn(objects: string): string {
  const errors = Array.from(objects.matchAll(/<S S="Error">([^<]*)<\/S>/g), ([, text = '']) => text)
  return decodeClixmlEscapes(errors.map(decodeEntities).join(''))
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

/** `_xHHHH_` is one unit of UTF-16, so that what lies beyond the first plane comes in two. */
export function decodeClixmlEscapes(text: string): string {
  return text.replace(/_x([0-9a-f]{4})_/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
