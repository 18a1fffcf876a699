import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * A stack with the places of the sources instead of those of the bundle, where the map beside it tells them. Node's own
 * way (`--enable-source-maps`) would read all maps at each start.
 */
export function sourceStack(stack: string): string {
  return stack.replace(
    /(?<=\(|at |at async )[^()\s][^()\n]*?\.js:\d+:\d+(?=\)|\n|$)/g,
    (place) => sourcePlace(place) ?? place,
  )
}

function sourcePlace(place: string): string | undefined {
  const [, file = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? []
  try {
    const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload)
    const origin = map.findOrigin(Number(line), Number(column))
    if (!('fileName' in origin)) return undefined
    return `${join(dirname(file), origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`
  } catch {
    return undefined
  }
}
