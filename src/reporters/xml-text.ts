import { plainText } from './plain-text.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text for an element or an attribute in double quotes, on one line; whatever it is, what comes out is XML 1.0. */
export function xmlText(text: string): string {
  // Non-characters are no part of XML; everything else that is not has been made visible by then.
  return plainText(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
}

/** Lines for the text of an element. */
export function xmlLines(lines: readonly string[]): string {
  return lines.map(xmlText).join('\n')
}

/** `<name a="1" b="x">`, or `<name …/>` without content. Attributes that are undefined are left out. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content: string | undefined = undefined,
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${xmlText(String(value))}"`)
    .join('')
  return content === undefined ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
