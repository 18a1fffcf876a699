import type { RunbookStatus } from '../core/run.ts'

/** Names, and what each is about, of a JSON list of `runbookLabel`: older rows have names alone. */
export function labelled(json: string): Pick<RunbookStatus, 'runbooks' | 'about'> {
  const labels = JSON.parse(json) as readonly string[]
  const parts = labels.map((label) => /^(.*)\n?([\s\S]*)$/.exec(label) ?? ['', label, ''])
  return { runbooks: parts.map(([, name = '']) => name), about: parts.map(([, , about = '']) => about) }
}
