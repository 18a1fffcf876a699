import type { JsonObject } from './json.ts'

/** A command of ours that changes, or may lead to a change: with neither device nor run it goes over all that its runbook is for. */
const COMMAND = /\btill (?:plan|apply) (?!\S*\.json\b)[\w/-]+(?:\.ya?ml)?/
const SELECTS = /\s(?:--(?:device|store|region|kind|where|from-run)|-[dsrkw])(?=[=\s]|$)/

/** The advice with `flags` behind the name of the runbook in a command that it holds; as it is where that picks devices by itself. */
export function aimed(advice: string, flags: string): string {
  return SELECTS.test(advice) ? advice : withFlags(advice, flags)
}

/** The advice with `flags` in a command of ours that it holds; as it is without one. */
export function withFlags(advice: string, flags: string): string {
  return advice.replace(COMMAND, (command) => commandWith(command, flags))
}

/** A command with `flags` behind it. */
export function commandWith(command: string, flags: string): string {
  return flags === '' ? command : `${command} ${flags}`
}

/** What is the same in the advice for several devices. */
export function unaimed(advice: string, device: string): string {
  return advice.replace(` ${deviceFlag(device)}`, '')
}

/** `--device=PL-0412/pos1`: never taken for anything else than a value, whatever the name. */
export function deviceFlag(device: string): string {
  return `--device=${shellWord(device)}`
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** The parameters of a run, for one like it, each with a space before it; what was masked is not known. */
export function paramFlags({
  params,
  given = params,
}: {
  readonly params: JsonObject
  readonly given?: JsonObject
}): string {
  const pairs = Object.entries(given).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return pairs
    .filter((pair) => !pair.includes('***'))
    .map((pair) => ` --param ${shellWord(pair)}`)
    .join('')
}
