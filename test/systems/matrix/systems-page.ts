/** What came of a step on a system: nothing where it was not tried. */
export interface Tried {
  /** The code and the text of what stood in the way; undefined when it worked. */
  readonly refusal?: string
}

export interface Column {
  readonly title: string
  /** By `module: what`. */
  readonly cells: ReadonlyMap<string, Tried>
}

/** `docs/systems.md`: a row for each thing that a module does, a column for each system. */
export function systemsPage(columns: readonly Column[], modules: readonly string[]): string {
  const refusals: string[] = []
  const numberOf = (refusal: string): number => {
    if (!refusals.includes(refusal)) refusals.push(refusal)
    return refusals.indexOf(refusal) + 1
  }
  const cell = (tried: Tried | undefined): string => {
    if (!tried) return '·'
    return tried.refusal === undefined ? 'works' : `refused [${numberOf(tried.refusal)}](#what-is-refused)`
  }
  const rows = modules.flatMap((module) => {
    const seen = columns.flatMap(({ cells }) => [...cells.keys()].filter((key) => key.startsWith(`${module}: `)))
    const keys = seen.length > 0 ? [...new Set(seen)] : [`${module}: `]
    return keys.map((key) => [
      `[${module}](modules.md#${module})`,
      key.slice(module.length + 2),
      ...columns.map(({ cells }) => cell(cells.get(key))),
    ])
  })
  const head = ['module', 'what', ...columns.map(({ title }) => title)]
  const line = (words: readonly string[]): string => `| ${words.join(' | ')} |`
  return [
    '<!-- Written by test/systems/matrix.test.ts from what it finds. After a change: npx vitest run test/systems/matrix.test.ts -u -->',
    INTRODUCTION,
    [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'),
    '## What is refused',
    'Each of these is said on the device, and nothing was changed for it.',
    refusals.map((text, index) => `${index + 1}. ${text}`).join('\n'),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# What works on which system

\`till apply\` went through each row on each system by SSH, and looked again behind each change.

- **works**: it is as the step says, and so it was when it was looked at again.
- **refused**: the step says why it cannot be; the number leads to the words.
- **·**: not tried there.

Systems are booted in namespaces of their own, from Debian 12: systemd 252, sysvinit 3.06, OpenRC 0.45 and runit 2.1 with dpkg and apt;
rpm 4.18 with dnf 4.14, which has no init; busybox 1.35 alone, without any other program. Windows is a real PowerShell 7.6 with
stand-ins for what only Windows has ([windows.md](windows.md)). apk-tools is not run: the adapter is held to a table of its
recorded answers. Printers and fiscal devices are asked from elsewhere: [printers.md](printers.md).`
