import { gunzipSync, gzipSync } from 'node:zlib'

/**
 * How PowerShell travels to a device: `packed` is base64 of gzip of UTF-8; `plain` is the text itself, for antimalware that
 * refuses what is compressed or encoded.
 */
export type ScriptForm = 'packed' | 'plain'

/** What a line of ASCII cannot hold, `%`, which the shells of WinRM take for themselves, and what begins an escape. */
const ESCAPED = /[^ -~]|%|_(?=[xX])/g

/** A script as one line of ASCII without `%`. Plain: as XmlConvert of .NET has it, `_xHHHH_` for a unit of UTF-16. */
export function scriptLine(script: string, form: ScriptForm): string {
  if (form === 'packed') return gzipSync(script, { level: 9 }).toString('base64')
  return script.replaceAll(ESCAPED, (unit) => `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
}

/** The script of such a line, whichever form it has: nothing in base64 has a space, and no script is without. */
export function readScriptLine(line: string): string {
  if (!line.includes(' ')) return gunzipSync(Buffer.from(line, 'base64')).toString('utf8')
  return line.replaceAll(/_x([0-9A-F]{4})_/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
