import { createRequire } from 'node:module'
import { Language, type Node, Parser } from 'web-tree-sitter'

const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')

/** A parser for PowerShell's grammar. It knows no names of commands, and accepts what only later versions than 5.1 have. */
export async function powerShellParser(): Promise<(script: string) => Node> {
  await Parser.init()
  const parser = new Parser()
  parser.setLanguage(await Language.load(grammar))
  return (script) => {
    const tree = parser.parse(script)
    if (!tree) throw new Error('the parser gave up')
    return tree.rootNode
  }
}

export function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const child of node.children) if (child) yield* nodesOf(child)
}

/** Places that do not parse, as `line:column text`. */
export function faultsOf(root: Node): string[] {
  return [...nodesOf(root)]
    .filter((node) => node.isError || node.isMissing)
    .map((node) => `${node.startPosition.row + 1}:${node.startPosition.column} ${node.text.slice(0, 60)}`)
}

/** What the grammar accepts and Windows PowerShell 5.1 does not have, or has otherwise. */
const NOT_IN_5_1: readonly (readonly [RegExp, string])[] = [
  [/&&|\|\|/, 'pipeline chains'],
  [/\?\?|\?\.|\?\[/, 'null operators'],
  [/-Parallel\b|-ThrottleLimit\b/i, 'ForEach-Object -Parallel'],
  [/-AsHashtable\b|-AsByteStream\b|-NoEnumerate\b.*ConvertFrom/i, 'parameters of later versions'],
  [/\bConvertFrom-Json\b.*-Depth\b/i, 'ConvertFrom-Json -Depth'],
  [/\bGet-Error\b|\bTest-Json\b|\bJoin-String\b|\bGet-Uptime\b|\bRemove-Service\b|\bRemove-Alias\b/i, 'later cmdlets'],
  [/-SkipCertificateCheck\b|-SkipHttpErrorCheck\b/i, 'parameters of Invoke-WebRequest of later versions'],
  [/\butf8NoBOM\b|\butf8BOM\b/i, 'encodings of later versions'],
  [/\$PSStyle\b|\$IsWindows\b|\$IsLinux\b/i, 'variables of later versions'],
  [/\bclean\s*\{/i, 'clean blocks'],
  [/`$/m, 'a backtick at the end of a line, which a blank behind it undoes'],
  [/\bInvoke-Expression\b|\biex\b/i, 'Invoke-Expression: values are data'],
  [/\bWrite-Host\b|\bRead-Host\b|\bGet-Credential\b|\bpause\b/i, 'what needs a console'],
  [/\bGet-WmiObject\b|\bgwmi\b/i, 'Get-WmiObject, where there is Get-CimInstance'],
  [/Win32_Product\b/i, 'Win32_Product, which reconfigures every package when it is read'],
]

/** What a script has that Windows PowerShell 5.1 lacks, or that a fragment must not do. */
export function laterThan51(script: string, root: Node): string[] {
  const code = withoutTexts(script, root)
  const found = NOT_IN_5_1.filter(([pattern]) => pattern.test(code)).map(([, what]) => what)
  if ([...nodesOf(root)].some((node) => /ternary/.test(node.type))) found.push('the ternary operator')
  return found
}

/** The script with comments and single-quoted texts blanked, in which anything may stand. */
function withoutTexts(script: string, root: Node): string {
  let code = script
  for (const node of nodesOf(root)) {
    if (node.type !== 'comment' && !/^verbatim_/.test(node.type)) continue
    code = code.slice(0, node.startIndex) + ' '.repeat(node.endIndex - node.startIndex) + code.slice(node.endIndex)
  }
  return code
}
