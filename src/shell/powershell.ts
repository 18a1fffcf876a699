import type { ScriptForm } from './script-form.ts'

/**
 * `text` as one argument of a Windows command line, as CommandLineToArgvW and the C run time take it apart:
 * backslashes count double before a quote only. Throws for NUL, which no command line can hold.
 */
export function quoteWindowsArgument(text: string): string {
  if (text.includes('\0')) throw new Error('An argument for a Windows program holds a NUL character.')
  if (text !== '' && !/[\s"]/.test(text)) return text
  return `"${text.replaceAll(/(?<!\\)(\\*)"/g, '$1$1\\"').replace(/(?<!\\)(\\+)$/, '$1$1')}"`
}

/** A program that cmd.exe runs, whatever starts it: `CreateProcess` gives it the whole line. */
const BATCH = /\.(?:bat|cmd)[. ]*$/i

/**
 * What a batch file cannot be given as an argument on a command line, since cmd.exe takes it apart once more: it ends a
 * quotation, names a variable or begins a new line whatever stands around it. Undefined: nothing is in the way.
 */
export function batchProblem(program: string, args: readonly string[]): string | undefined {
  if (!BATCH.test(program)) return undefined
  const found = args.map((word) => /["%!\r\n]/.exec(word)?.[0]).find((sign) => sign !== undefined)
  if (found === undefined) return undefined
  const sign = found === '\n' || found === '\r' ? 'a line break' : `\`${found}\``
  return `"${program}" is run by cmd.exe, which takes ${sign} in an argument for itself.`
}

/** Words behind a program as its command line. Of a batch file each is quoted, so that cmd.exe sees no sign of its own. */
export function windowsCommandLine(program: string, args: readonly string[]): string {
  if (!BATCH.test(program)) return args.map(quoteWindowsArgument).join(' ')
  const problem = batchProblem(program, args)
  if (problem !== undefined) throw new Error(problem)
  return args
    .map((word) => (/^[\w.:/\\-]+$/.test(word) ? word : `"${word.replace(/(?<!\\)(\\+)$/, '$1$1')}"`))
    .join(' ')
}

/** How an interpreter ends that never came to the exchange that it was started with: nothing of it was run. */
export const NOT_BEGUN = 213
/** How one ends that was given something which is not whole: nothing of that was run. */
export const NOT_WHOLE = 214
/** How one ends that came to life so late that nobody waits for it: nothing was run. */
export const TOO_LATE = 215

// No cmdlet, which would load a module: on a slow till that takes seconds.
const UNPACK =
  'function n([type]$t,$a){,[Activator]::CreateInstance($t,[object[]]$a)}\n' +
  '$z=n IO.Compression.GZipStream @((n IO.MemoryStream (,[Convert]::FromBase64String($p))),[IO.Compression.CompressionMode]::Decompress)\n' +
  '.([ScriptBlock]::Create((n IO.StreamReader @($z,[Text.Encoding]::UTF8)).ReadToEnd()))'

/** The same for a script that comes plain on stdin, in one line, since that is how it comes itself. */
const PLAIN =
  `$tillBegun=$false;try{$ProgressPreference='SilentlyContinue';$tillIn=[Console]::In;` +
  '.([ScriptBlock]::Create([Xml.XmlConvert]::DecodeName($tillIn.ReadLine())))}' +
  `catch{if($tillBegun){throw};Write-Error -ErrorRecord $_;exit ${NOT_BEGUN}}`

/**
 * What an interpreter is started with, by where it finds its script (see `PowerShellProgram`): it unpacks and runs it,
 * and leaves \`$tillIn\`, the reader of stdin, to it. Whatever goes wrong before the script says \`$tillBegun\` (a policy, an
 * antivirus program, a script that was cut) ends with NOT_BEGUN. Any Windows PowerShell from 2 on. A plain one comes on
 * stdin, and is a line.
 */
export function powerShellBootstrap(scriptIn: 'environment' | 'stdin', form: ScriptForm = 'packed'): string {
  if (form === 'plain') return PLAIN
  const find =
    scriptIn === 'stdin'
      ? '$p=$tillIn.ReadLine()'
      : '$p=\'\';$k=1;while($e=[Environment]::GetEnvironmentVariable("TILL_$k")){$p+=$e;[Environment]::SetEnvironmentVariable("TILL_$k",$null);$k++}'
  const reader =
    '$tillIn=[Activator]::CreateInstance([IO.StreamReader],[object[]]@([Console]::OpenStandardInput(),[Text.Encoding]::ASCII))'
  const run = `$ProgressPreference='SilentlyContinue'\n${reader}\n${find}\n${UNPACK}`
  return `$tillBegun=$false\ntry{\n${run}\n}catch{\nif($tillBegun){throw}\nWrite-Error -ErrorRecord $_\nexit ${NOT_BEGUN}\n}`
}
