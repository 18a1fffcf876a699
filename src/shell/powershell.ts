/**
 * `text` as one word of PowerShell: single quotes, inside which only quotes are special. PowerShell takes the typographic
 * quotes U+2018 to U+201B for the plain one, so those are doubled too.
 */
export function quotePowerShell(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
}

/**
 * `text` as one argument of a Windows command line, as CommandLineToArgvW and the C run time take it apart:
 * backslashes count double before a quote only. Throws for NUL, which no command line can hold.
 */
export function quoteWindowsArgument(text: string): string {
  if (text.includes('\0')) throw new Error('An argument for a Windows program holds a NUL character.')
  if (text !== '' && !/[\s"]/.test(text)) return text
  return `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

/** How an interpreter ends that never came to the exchange that it was started with: nothing of it was run. */
export const NOT_BEGUN = 213

const UNPACK =
  '$z=New-Object IO.Compression.GZipStream((New-Object IO.MemoryStream(,[Convert]::FromBase64String($p))),[IO.Compression.CompressionMode]::Decompress)\n' +
  '.([ScriptBlock]::Create((New-Object IO.StreamReader($z,[Text.Encoding]::UTF8)).ReadToEnd()))'

/**
 * What an interpreter is started with, by where it finds its script (see `PowerShellProgram`): it unpacks and runs it,
 * and leaves \`$tillIn\`, the reader of stdin, to it. Whatever goes wrong before the script says \`$tillBegun\` (a policy, an
 * antivirus program, a script that was cut) ends with NOT_BEGUN. Any Windows PowerShell from 2 on.
 */
export function powerShellBootstrap(scriptIn: 'environment' | 'stdin'): string {
  const find =
    scriptIn === 'stdin'
      ? '$p=$tillIn.ReadLine()'
      : '$p=\'\';$n=1;while(Test-Path "Env:TILL_$n"){$p+=(Get-Item "Env:TILL_$n").Value;Remove-Item "Env:TILL_$n";$n++}'
  const reader = '$tillIn=New-Object IO.StreamReader([Console]::OpenStandardInput(),[Text.Encoding]::ASCII)'
  const run = `$ProgressPreference='SilentlyContinue'\n${reader}\n${find}\n${UNPACK}`
  return `$tillBegun=$false\ntry{\n${run}\n}catch{\nif($tillBegun){throw}\nWrite-Error -ErrorRecord $_\nexit ${NOT_BEGUN}\n}`
}
