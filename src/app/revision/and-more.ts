/** Devices that are named where many miss the same value. */
const MOST_NAMES = 3

/** The first names, and how many more there are. */
export function andMore(names: readonly string[]): string {
  const named = names.slice(0, MOST_NAMES).join(', ')
  return names.length > MOST_NAMES ? `${named} and ${names.length - MOST_NAMES} more` : named
}
