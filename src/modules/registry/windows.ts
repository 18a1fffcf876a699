import type { Change } from '../../core/change.ts'
import type { ShellValue } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext, Proof } from '../../core/module.ts'
import { Secret } from '../../core/secret.ts'
import { act, askJson, proofBy } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import {
  desiredValuesOf,
  normalValue,
  type RegistryParams,
  type RegistryState,
  type RegistryValue,
} from './desired-values.ts'

const OPEN = `$base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]$v.hive, [Microsoft.Win32.RegistryView]$v.view)
`

const OBSERVE = fragment(
  'registry.observe',
  `${OPEN}$key = $base.OpenSubKey($v.key)
$values = @()
if ($key -ne $null) {
  $there = @($key.GetValueNames())
  for ($i = 1; $i -le $v.count; $i++) {
    $name = [string]$v["name_$i"]
    if ($there -notcontains $name) { continue }
    $kind = [string]$key.GetValueKind($name)
    $data = $key.GetValue($name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    switch ($kind) {
      'DWord' { $data = [BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$data), 0).ToString() }
      'QWord' { $data = [BitConverter]::ToUInt64([BitConverter]::GetBytes([long]$data), 0).ToString() }
      'MultiString' { $data = @([string[]]$data) }
      'String' { $data = [string]$data }
      'ExpandString' { $data = [string]$data }
      default { $data = ([BitConverter]::ToString([byte[]]$data) -replace '-', '').ToLowerInvariant() }
    }
    $values += @{ name = $name; kind = $kind; data = $data }
  }
}
Write-TillJson @{ exists = ($key -ne $null); values = $values }
`,
)

const CONVERGE = fragment(
  'registry.converge',
  `${OPEN}if ($v.absent) {
  $base.DeleteSubKeyTree($v.key, $false)
  return
}
$key = $base.CreateSubKey($v.key)
for ($i = 1; $i -le $v.count; $i++) {
  $name = [string]$v["name_$i"]
  $data = [string]$v["data_$i"]
  switch ($v["type_$i"]) {
    'string' { $key.SetValue($name, $data, [Microsoft.Win32.RegistryValueKind]::String) }
    'expand_string' { $key.SetValue($name, $data, [Microsoft.Win32.RegistryValueKind]::ExpandString) }
    'dword' { $key.SetValue($name, [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]$data), 0), [Microsoft.Win32.RegistryValueKind]::DWord) }
    'qword' { $key.SetValue($name, [BitConverter]::ToInt64([BitConverter]::GetBytes([uint64]$data), 0), [Microsoft.Win32.RegistryValueKind]::QWord) }
    'multi_string' {
      $list = ConvertFrom-Json $data
      $key.SetValue($name, [string[]]@($list), [Microsoft.Win32.RegistryValueKind]::MultiString)
    }
    'binary' { $key.SetValue($name, [Convert]::FromBase64String($data), [Microsoft.Win32.RegistryValueKind]::Binary) }
    default { $key.DeleteValue($name, $false) }
  }
}
$key.Close()
`,
)

const PROOF = fragment(
  'registry.proof',
  `$seen = ConvertFrom-Json $v.till_seen
if ([bool]$seen.exists -eq [bool]$v.want_absent) { Stop-Till 1 'key' }
for ($i = 1; $i -le $v.want_count; $i++) {
  $desired = [string]$v["want_name_$i"]
  $is = @($seen.values | Where-Object { $_.name -eq $desired })
  if ($v["want_kind_$i"] -eq '') {
    if ($is.Count -ne 0) { Stop-Till 1 $desired }
    continue
  }
  if ($is.Count -ne 1 -or $is[0].kind -cne $v["want_kind_$i"]) { Stop-Till 1 $desired }
  $data = @(ConvertFrom-Json $v["want_data_$i"])[0].data
  if (@($is[0].data).Count -ne @($data).Count) { Stop-Till 1 $desired }
  for ($n = 0; $n -lt @($data).Count; $n++) {
    if ([string]@($is[0].data)[$n] -cne [string]@($data)[$n]) { Stop-Till 1 $desired }
  }
}
`,
)

const HIVES: Readonly<Record<string, string>> = {
  HKLM: 'LocalMachine',
  HKCU: 'CurrentUser',
  HKU: 'Users',
  HKCR: 'ClassesRoot',
}

const TYPES: Readonly<Record<string, string>> = {
  String: 'string',
  ExpandString: 'expand_string',
  MultiString: 'multi_string',
  DWord: 'dword',
  QWord: 'qword',
  Binary: 'binary',
}

interface Answer {
  readonly exists: boolean
  readonly values: readonly { readonly name: string; readonly kind: string; readonly data: RegistryValue['data'] }[]
}

export async function observe({ shell }: ModuleContext, given: unknown): Promise<Result<RegistryState>> {
  const params = given as RegistryParams
  const desiredValues = desiredValuesOf(params)
  const impossible = desiredValues.find(
    (desiredValue) => desiredValue.data !== undefined && normalValue(desiredValue).problem !== undefined,
  )
  if (impossible) {
    const message = `Value "${impossible.name}": ${normalValue(impossible).problem}.`
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  const values: Record<string, ShellValue> = { ...placeOf(params), count: desiredValues.length }
  for (const [index, { name }] of desiredValues.entries()) values[`name_${index + 1}`] = name
  const asked = await askJson<Answer>(shell, OBSERVE, { values }, `Reading "${params.key}"`)
  if (!asked.ok) return asked
  const read = asked.value.values.map(
    ({ name, kind, data }) => [nameOf(name, params), { type: TYPES[kind] ?? kind, data }] as const,
  )
  return success({ exists: asked.value.exists, values: new Map(read) })
}

/** Names of values know no case; the desired one is kept. */
function nameOf(name: string, params: RegistryParams): string {
  return (
    desiredValuesOf(params).find((desiredValue) => desiredValue.name.toLowerCase() === name.toLowerCase())?.name ?? name
  )
}

export async function converge(
  { shell }: ModuleContext,
  given: unknown,
  changes: readonly Change[],
): Promise<Result<void>> {
  const params = given as RegistryParams
  const paths = new Set(changes.map((change) => change.path))
  const due = desiredValuesOf(params).filter((desiredValue) => paths.has(`values.${desiredValue.name}`))
  const values: Record<string, ShellValue> = {
    ...placeOf(params),
    absent: params.state === 'absent',
    count: due.length,
  }
  for (const [index, desiredValue] of due.entries()) {
    values[`name_${index + 1}`] = desiredValue.name
    values[`type_${index + 1}`] = desiredValue.data === undefined ? 'gone' : desiredValue.type
    const data = desiredValue.data === undefined ? '' : sent(normalValue(desiredValue))
    values[`data_${index + 1}`] = desiredValue.isSensitive ? new Secret(data) : data
  }
  return act(shell, CONVERGE, { values }, `The change of "${params.key}"`)
}

function sent({ type, data }: RegistryValue): string {
  if (type === 'binary') return Buffer.from(String(data), 'hex').toString('base64')
  return typeof data === 'string' ? data : JSON.stringify(data)
}

function placeOf({ key, view = '64' }: RegistryParams): Record<string, ShellValue> {
  const [hive = '', ...rest] = key.split('\\')
  return { hive: HIVES[hive] ?? hive, key: rest.join('\\'), view: `Registry${view}` }
}

export function proof(given: unknown): Proof {
  const params = given as RegistryParams
  const desiredValues = desiredValuesOf(params)
  const values: Record<string, ShellValue> = {
    want_absent: params.state === 'absent',
    want_count: desiredValues.length,
  }
  for (const [index, desiredValue] of desiredValues.entries()) {
    const { type, data } = desiredValue.data === undefined ? { type: '', data: null } : normalValue(desiredValue)
    const text = JSON.stringify({ data })
    values[`want_name_${index + 1}`] = desiredValue.name
    values[`want_kind_${index + 1}`] = Object.entries(TYPES).find(([, word]) => word === type)?.[0] ?? ''
    values[`want_data_${index + 1}`] = desiredValue.isSensitive ? new Secret(text) : text
  }
  return proofBy(PROOF, values)
}
