import { fragment } from '../../shell/powershell-fragment.ts'

/**
 * Before a user's text, in the same line, so that messages name its own lines. Parameters come as variables
 * `till_KIND_NAME`; what a cmdlet cannot do ends the text.
 */
export const POWERSHELL_HEAD = [
  `$ErrorActionPreference='Stop'`,
  `Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue`,
  `$v=@{}`,
  `foreach($tillOne in @(Get-Variable -Name 'till_[tidb]_*')){` +
    `$tillKind=$tillOne.Name.Substring(5,1);$tillText=[string]$tillOne.Value;` +
    `$v[$tillOne.Name.Substring(7)]=$(` +
    `if($tillKind -ceq 'i'){[long]::Parse($tillText,[Globalization.CultureInfo]::InvariantCulture)}` +
    `elseif($tillKind -ceq 'd'){[double]::Parse($tillText,[Globalization.CultureInfo]::InvariantCulture)}` +
    `elseif($tillKind -ceq 'b'){$tillText -ceq 'true'}else{$tillText})}`,
  '',
].join(';')

/** A text of a user's module, in an interpreter of its own. */
export const USER_SCRIPT = fragment(
  'user.script',
  `$given = @{ till_changes = $v.till_changes }
foreach ($name in @($v.Keys)) { if ($name -clike 'till_[tidb]_*') { $given[$name] = $v[$name] } }
Complete-Till (Invoke-TillScript ('${POWERSHELL_HEAD.replaceAll("'", "''")}' + $v.till_text) $given @{})
`,
)
