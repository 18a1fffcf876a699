import type { JsonObject } from './json.ts'

/** Commands of ours that change, or may lead to a change: with neither device nor run they go over all that they are for. */
const COMMANDS = /\btill (?:(?:plan|apply) (?!-|\S*\.json\b)[\w/-]+(?:\.ya?ml)?|exec(?= (?:[^`\n]* )?-- )|trust\b)/g
/** Where the words of a command end within advice. */
const END = /`|\n|[.;,] |\btill /
const SELECTS = /\s(?:--(?:device|store|region|kind|where|from-run)|-[dsrkw])(?=[=\s]|$)/

/** The advice with `flags` in each command of ours that it holds, but for one that picks devices by itself. */
export function aimed(advice: string, flags: string): string {
  return advice.replace(COMMANDS, (command, at: number) => {
    const [words = ''] = advice.slice(at + command.length).split(END, 1)
    return SELECTS.test(words) ? command : commandWith(command, flags)
  })
}

/** The advice with `flags` in each command of ours that it holds; as it is without one. */
export function withFlags(advice: string, flags: string): string {
  return advice.replace(COMMANDS, (command) => commandWith(command, flags))
}

/** A command with `flags` behind it. */
export function commandWith(command: string, flags: string): string {
  return flags === '' ? command : `${command} ${flags}`
}

/** What is the same in the advice for several devices. */
export function unaimed(advice: string, device: string): string {
  return advice.replaceAll(` ${deviceFlag(device)}`, '')
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
