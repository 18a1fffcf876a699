import { createInterface } from 'node:readline'
import {
  answerLines,
  firstExchange,
  helloLine,
  parseExchange,
  unpackLine,
  wantsSecrets,
} from '../../../src/shell/powershell-device.ts'
import { readScriptLine } from '../../../src/shell/script-form.ts'

/*
 * A program in the place of powershell.exe: it finds its script as the bootstrap would, in the variables TILL_1, TILL_2…
 * or in the first line of stdin, and answers every ask with what it was asked.
 */

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

async function line(): Promise<string | undefined> {
  const { value, done } = await lines.next()
  return done ? undefined : String(value)
}

async function numbered(): Promise<string | undefined> {
  const text = await line()
  return text?.slice(text.indexOf(' ') + 1)
}

/** As the runner does: held back where every piece of output costs a round trip. */
let held = ''
function put(text: string): void {
  held += text
}
function push(): void {
  process.stdout.write(held)
  held = ''
}

async function serve(text: string): Promise<void> {
  const secrets = wantsSecrets(text) ? unpackLine((await numbered()) ?? '') : ''
  const { token, items } = parseExchange(text, secrets)
  put(helloLine(token, process.pid))
  const gathers = / gather /.test(text.slice(0, text.indexOf('\n')))
  for (const item of items) {
    if (!gathers) push()
    put(`${token} begin ${item.id}\n`)
    if (item.kind === 'ask') {
      const stdout = JSON.stringify({ name: item.name, values: item.values, args: process.argv.slice(2, 6) })
      put(answerLines(token, item.id, { stdout }, item.keepBytes))
      continue
    }
    let size = 0
    for (let piece = await numbered(); piece && !piece.startsWith('. '); piece = await numbered()) {
      size += Buffer.from(piece, 'base64').length
    }
    put(answerLines(token, item.id, { stdout: String(size) }, 1000))
  }
  put(`${token} end ${items.length}\n`)
  push()
}

let packed = ''
for (let n = 1; process.env[`TILL_${n}`] !== undefined; n += 1) packed += process.env[`TILL_${n}`]
if (packed === '') packed = (await line()) ?? ''
await serve(firstExchange(readScriptLine(packed)))
for (let next = await numbered(); next !== undefined; next = await numbered()) await serve(unpackLine(next))
