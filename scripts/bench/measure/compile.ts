import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { system } from '../lab/namespace.ts'

const MAIN_THREAD = dirname(dirname(fileURLToPath(import.meta.url)))

/** Compiles a C program of the benchmark into a folder; returns its path. */
export function compileC(source: string, folder: string, ...libraries: readonly string[]): string {
  const program = join(folder, nameOf(source))
  system('gcc', '-O2', '-o', program, join(MAIN_THREAD, source), ...libraries.map((library) => `-l${library}`))
  return program
}

/** Compiles a Go program of the benchmark against Debian's x/crypto; returns its path. Nothing is downloaded. */
export function compileGo(source: string, folder: string): string {
  const program = join(folder, nameOf(source))
  mkdirSync(join(folder, 'go-cache'), { recursive: true })
  const settings = ['GO111MODULE=off', 'GOPATH=/usr/share/gocode', `GOCACHE=${join(folder, 'go-cache')}`, 'GOFLAGS=']
  system('env', ...settings, 'go', 'build', '-o', program, join(MAIN_THREAD, source))
  return program
}

function nameOf(source: string): string {
  return source.replace(/^.*\//, '').replace(/\.\w+$/, '')
}
