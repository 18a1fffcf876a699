import { createInterface } from 'node:readline/promises'

/** Whether somebody can be asked: stdin and stdout are a terminal. */
export function isSomebodyThere(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** A person's yes. Where no person is, whoever started the command has said it. */
export async function confirm(question: string): Promise<boolean> {
  if (!isSomebodyThere()) return true
  return /^y(es)?$/i.test(await answerTo(`${question} [y/N] `))
}

/** Whether a person types this number; nothing else will do, and a yes is told so once. */
export async function confirmNumber(question: string, number: number): Promise<boolean> {
  const toGoOn = `Type ${number} to go on`
  const answer = await answerTo(`${question} ${toGoOn}: `)
  if (!/^y(es)?$/i.test(answer)) return answer === String(number)
  const again = `"${answer}" is not enough for so many devices. ${toGoOn}, or press Enter to stop: `
  return (await answerTo(again)) === String(number)
}

/** Empty where the terminal was closed, or the question broken off. */
async function answerTo(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await lines.question(question)).trim()
  } catch {
    return ''
  } finally {
    lines.close()
  }
}
