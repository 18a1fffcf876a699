/**
 * A value as JSON, on one line or with so many blanks of indentation, that is safe to print: JSON leaves C1 controls, DEL, line separators and characters that
 * turn the direction of text as they are, and terminals act on them.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
