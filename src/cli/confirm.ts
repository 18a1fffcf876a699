import { createInterface } from 'node:readline/promises'

/** A person's yes. Where no person is (stdin or stdout is no terminal), whoever started the command has said it. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } catch {
    return false
  } finally {
    lines.close()
  }
}
