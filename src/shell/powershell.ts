import { gunzipSync, gzipSync } from 'node:zlib'

/** cmd.exe refuses longer command lines, or cuts them without a word; some room is left for what sshd adds. */
export const LONGEST_COMMAND_LINE = 8_000

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

/**
 * The command line that starts Windows PowerShell with `script`, which holds no value: it is UTF-16LE in base64, so that
 * neither cmd.exe nor PowerShell nor a POSIX shell finds anything special in it. Throws when it is too long for cmd.exe.
 * InputFormat None: PowerShell 2 waits for the end of its input otherwise.
 */
export function startPowerShell(script: string): string {
  const encoded = Buffer.from(script, 'utf16le').toString('base64')
  const line = `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -InputFormat None -EncodedCommand ${encoded}`
  if (line.length <= LONGEST_COMMAND_LINE) return line
  throw new Error(`A command line of ${line.length} characters is too long for cmd.exe.`)
}

/** Text as gzip in base64: plain ASCII, whatever it holds, and a third of the size. */
export function packText(text: string): string {
  return gzipSync(Buffer.from(text, 'utf8'), { level: 9 }).toString('base64')
}

/** The inverse of `packText`. Throws for what is none. */
export function unpackText(packed: string): string {
  return gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')
}

/**
 * The first program of an interpreter that is kept: one line of stdin holds the runner, packed, which then reads what to
 * do from the same reader. Runs on Windows PowerShell 2 and later.
 */
export const STDIN_BOOTSTRAP = `$ProgressPreference='SilentlyContinue'
$tillIn=New-Object IO.StreamReader([Console]::OpenStandardInput(),[Text.Encoding]::ASCII)
$z=New-Object IO.Compression.GZipStream((New-Object IO.MemoryStream(,[Convert]::FromBase64String($tillIn.ReadLine()))),[IO.Compression.CompressionMode]::Decompress)
.([ScriptBlock]::Create((New-Object IO.StreamReader($z,[Text.Encoding]::UTF8)).ReadToEnd()))`
