import { sealed } from './powershell-exchange.ts'
import { FENCE_FUNCTIONS } from './powershell-fence.ts'
import { PRELUDE } from './powershell-prelude.ts'
import { ASK_FUNCTIONS } from './powershell-runner-asks.ts'
import { exchangeFunctions, READ_EXCHANGE } from './powershell-runner-exchange.ts'
import { FILE_FUNCTIONS } from './powershell-runner-files.ts'
import { lineFunctions } from './powershell-runner-lines.ts'
import type { ScriptForm } from './script-form.ts'

/** What differs in a runner by how texts travel. */
interface Parts {
  /** Makes a text of the line `$packed`. */
  readonly expand: string
  /** Makes `$sent` of `$body`, and says so in `$way`. */
  readonly compress: string
}

const PACKED: Parts = {
  expand: `    $memory = New-Till ([IO.MemoryStream]) (,[Convert]::FromBase64String($packed))
    $gzip = New-Till ([IO.Compression.GZipStream]) @($memory, [IO.Compression.CompressionMode]::Decompress)
    (New-Till ([IO.StreamReader]) @($gzip, [Text.Encoding]::UTF8)).ReadToEnd()`,
  compress: `  if ($body.Length -gt 512) {
    $memory = New-Object IO.MemoryStream
    $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
    $gzip.Write($body, 0, $body.Length)
    $gzip.Close()
    $way = 'gzip'
    $sent = $memory.ToArray()
  }`,
}

const AS_IT_IS: Parts = { expand: '    [Xml.XmlConvert]::DecodeName($packed)', compress: '' }

/**
 * What an interpreter is given first. It runs exchanges (powershell-exchange.ts): their asks one after another in a
 * session of their own, each ended at its deadline, and what comes of them framed (powershell-frames.ts). The first
 * exchange follows it in the same script (`firstScript`), later ones come on stdin, a line each. Lines of stdin begin
 * with their number, so that one which was sent twice is dropped. Windows PowerShell 2 can read it, to say that 5.1 is
 * needed.
 */
function runner({ expand, compress }: Parts): string {
  return `$tillPrelude = @'
${PRELUDE}
'@
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$nl = [string][char]10
$tillOut = [Console]::OpenStandardOutput()

# Without New-Object, which loads a module: on a slow till that takes seconds, and the hello comes first.
function New-Till([type]$type, [object[]]$with = @()) { ,[Activator]::CreateInstance($type, $with) }

$tillNow = @{ space = $null; secrets = @(); line = 0; gathers = $false; since = $null; open = $false; gone = $false; token = ''; stop = ''; text = (New-Till ([Text.StringBuilder])) }

${FENCE_FUNCTIONS}
${lineFunctions(expand)}
${READ_EXCHANGE}
${ASK_FUNCTIONS}
${FILE_FUNCTIONS}
${exchangeFunctions(compress)}`
}

export const RUNNER: Readonly<Record<ScriptForm, string>> = { packed: runner(PACKED), plain: runner(AS_IT_IS) }

// At the end of its input nobody listens any more. Over WinRM the shell around it is to end with it, which a device may
// refuse to do from outside.
const FOLLOW = `
while (($line = Read-TillLine) -ne $null) { Invoke-TillExchange (Expand-TillText $line) }
Close-TillLock
if ($tillNow.gathers) {
  try {
    $all = @(Get-CimInstance -ClassName Win32_Process -Property @('ProcessId', 'ParentProcessId', 'Name') -OperationTimeoutSec 10)
    $at = $PID
    for ($i = 0; $i -lt 3; $i++) {
      $one = @($all | Where-Object { $_.ProcessId -eq $at })[0]
      if ($one -eq $null) { break }
      if ($one.Name -eq 'winrshost.exe') { [Diagnostics.Process]::GetProcessById([int]$at).Kill() }
      $at = $one.ParentProcessId
    }
  } catch { }
}
`

/**
 * The script that an interpreter is started with: the runner, the first exchange, and the loop for those that follow on
 * stdin. No line of an exchange begins with a quote, so that none can end the here-string.
 */
export function firstScript(exchange: string, form: ScriptForm): string {
  return `${RUNNER[form]}\n$tillBegun = $true\nInvoke-TillExchange @'\n${sealed(exchange)}\n'@\n${FOLLOW}`
}
