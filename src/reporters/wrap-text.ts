import { displayWidth } from './plain-text.ts'

/** Prose as lines of at most so many columns; a word that is longer stands alone. */
export function wrapText(text: string, options: { readonly width: number; readonly indent?: string }): string[] {
  const { width, indent = '' } = options
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? indent + word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line)
      line = indent + word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}
