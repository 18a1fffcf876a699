/** Versions of Node.js on which all the tests have passed. */
export const KNOWN_NODES: readonly string[] = ['20.20.2', '22.23.5', '24.22.3', '26.12.1']

/** What there is to say of a version of Node.js that the tests have not been run on; undefined where they have. */
export function unknownNode(version: string): string | undefined {
  if (KNOWN_NODES.includes(version)) return undefined
  const known = KNOWN_NODES.join(', ')
  return `The tests of this Tillwright have passed on ${known}, not on ${version}. It may well work: \`till sandbox up\` tries it.`
}
