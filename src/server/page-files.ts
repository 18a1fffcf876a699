import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

/** Files of the pages, as the build writes them beside this one. */
const FOLDER = new URL('../pages/', import.meta.url)
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'main.css': 'text/css; charset=utf-8',
  'outline.json': 'application/json',
  'icon.svg': 'image/svg+xml',
} as const

export type PageFile = keyof typeof TYPES

/** A file, ready to be sent. */
export interface Sendable {
  readonly type: string
  readonly bytes: Buffer
  readonly zipped: Buffer
  /** Another one with each content. */
  readonly tag: string
}

/** Reads the files of the pages once. Throws where the build has left one out. */
export function pageFiles(): (name: PageFile) => Sendable {
  const kept = new Map<PageFile, Sendable>()
  return (name) => {
    const known = kept.get(name)
    if (known) return known
    const bytes = readFileSync(new URL(name, FOLDER))
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const made = { type: TYPES[name], bytes, zipped: gzipSync(bytes, { level: 9 }), tag }
    kept.set(name, made)
    return made
  }
}

export const PAGE_FILES = Object.keys(TYPES) as readonly PageFile[]
