import { fleet } from './fleet.ts'
import { inventory } from './inventory.ts'
import type { Section } from './section.ts'
import { startUp } from './start-up.ts'

/** In the order in which they run and are shown. */
export const SECTIONS: readonly Section[] = [startUp, inventory, fleet]
