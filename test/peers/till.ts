import { fileURLToPath } from 'node:url'

/** The command, as it was built. */
export const TILL = fileURLToPath(new URL('../../bin/till', import.meta.url))
