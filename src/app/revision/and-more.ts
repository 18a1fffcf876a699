/** Devices that are named where many miss the same value. */
const MOST_NAMES = 3

/** The first names, and how many more there are. */
export function andMore(names: readonly string[], most = MOST_NAMES): string {
  const named = names.slice(0, most).join(', ')
  return names.length > most ? `${named} and ${names.length - most} more` : named
}
