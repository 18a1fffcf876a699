/** Tells people on stderr, each text once: what several threads find is one thing. */
export function warnOnce(): (text: string) => void {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text)) return
    told.add(text)
    process.stderr.write(`${text}\n`)
  }
}
