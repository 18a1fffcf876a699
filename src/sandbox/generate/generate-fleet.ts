import { fleetText, headText, PROFILES_TEXT } from './fleet-text.ts'
import { randomOf } from './random.ts'
import { storeText } from './store-text.ts'
import { VOIVODESHIPS } from './voivodeships.ts'

/** How many stores have addresses in 10.0.0.0/8. */
export const MOST_STORES = 59_750

/**
 * A made-up chain in Poland as the files of an inventory: name → text. The same seed and number of stores give the
 * same files, byte for byte. `stores` is from 1 to `MOST_STORES`.
 */
export function generateFleet(options: {
  readonly seed: string
  readonly stores: number
}): ReadonlyMap<string, string> {
  const files = new Map([
    ['fleet.yaml', fleetText()],
    ['profiles.yaml', PROFILES_TEXT],
  ])
  let number = 0
  for (const [index, voivodeship] of VOIVODESHIPS.entries()) {
    const last = storesUpTo(index, options.stores)
    if (last === number) continue
    const texts = [headText(voivodeship.id)]
    while (number < last) {
      number++
      texts.push(storeText(number, voivodeship, randomOf(`${options.seed} ${number}`)))
    }
    files.set(`${voivodeship.id}.yaml`, texts.join(''))
  }
  return files
}

/** How many stores the voivodeships up to and with this one have: spread by inhabitants, none lost by rounding. */
function storesUpTo(index: number, stores: number): number {
  const inhabitants = VOIVODESHIPS.map((voivodeship) => voivodeship.inhabitants)
  const all = inhabitants.reduce((a, b) => a + b, 0)
  return Math.round((inhabitants.slice(0, index + 1).reduce((a, b) => a + b, 0) / all) * stores)
}

/** The names of all files that a fleet may have. */
export function generatedNames(): readonly string[] {
  return ['fleet.yaml', 'profiles.yaml', ...VOIVODESHIPS.map(({ id }) => `${id}.yaml`)]
}
