import type { Module } from '../core/ports.ts'

/** Every module there is, by its name in runbooks. One line each, in alphabetical order. */
export const MODULES: readonly Module[] = []
