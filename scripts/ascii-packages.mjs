// For the build: packages with escapes in the place of letters beyond ASCII. esbuild writes those itself, but in regular expressions.
// V8 keeps a text in which there is one letter beyond Latin-1 in twice the memory, and bin/keep-compiled.js reads ASCII.
import { readFileSync } from 'node:fs'

/** A plugin of esbuild. In JavaScript an escape means the same as the letter, wherever it stands but in `String.raw`. */
export function asciiPackages() {
  return {
    name: 'ascii-packages',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        const contents = asciiOf(text)
        return contents === text ? undefined : { contents, loader: 'js' }
      })
    },
  }
}

/** Of JavaScript, or of JSON. */
export function asciiOf(text) {
  return text.replace(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
