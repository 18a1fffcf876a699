import type { UserSide } from '../../../core/user-module.ts'
import { tailOf } from '../../../shell/tool-answer.ts'
import type { CaseWorld } from './case-world.ts'
import type { Interpreter } from './interpreters.ts'

/** What an interpreter says of scripts that it cannot parse: cases may never come to a part of them. */
export async function syntaxProblems(
  side: UserSide,
  world: CaseWorld,
  interpreter: Interpreter,
): Promise<readonly string[]> {
  const { shell, close } = await world.openShell(interpreter.path)
  try {
    const answers = Object.entries(side).map(async ([name, text]) => {
      const script = 'printf \'%s\\n\' "$till_text" | sh -n'
      const { exitCode, errorText } = await shell.ask({ script, values: { till_text: String(text) } })
      return exitCode === 0 ? [] : [`${name} does not parse: ${tailOf(errorText, 300)}`]
    })
    return (await Promise.all(answers)).flat()
  } finally {
    await close()
  }
}
