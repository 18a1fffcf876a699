import { type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { PENDING_REBOOT } from '../../devices/windows/pending-reboot.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'

// The registry and .NET first; what only WMI knows is null where WMI is broken.
const GATHER = fragment(
  'facts.observe',
  String.raw`$current = Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$build = [int]$current.CurrentBuildNumber
$name = [string]$current.ProductName
if ($build -ge 22000) { $name = $name -replace '^Windows 10', 'Windows 11' }
$major = '10.0'
if ($current.CurrentMajorVersionNumber -eq $null) { $major = [string]$current.CurrentVersion }
$system = $null
try { $system = Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 10 } catch { }
$memory = @{ total_bytes = $null; available_bytes = $null }
$uptime = $null
if ($system -ne $null) {
  $memory = @{ total_bytes = [long]$system.TotalVisibleMemorySize * 1024; available_bytes = [long]$system.FreePhysicalMemory * 1024 }
  $uptime = [long]($system.LocalDateTime - $system.LastBootUpTime).TotalSeconds
}
$addresses = @()
foreach ($card in [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
  if ($card.OperationalStatus -ne 'Up' -or $card.NetworkInterfaceType -eq 'Loopback') { continue }
  foreach ($unicast in $card.GetIPProperties().UnicastAddresses) {
    $address = $unicast.Address
    if ($address.IsIPv6LinkLocal -or [string]$address -like '169.254.*') { continue }
    $addresses += @{ interface = $card.Name; address = [string]$address }
  }
}
$disks = @()
foreach ($drive in [IO.DriveInfo]::GetDrives()) {
  if ($drive.DriveType -ne 'Fixed' -or -not $drive.IsReady) { continue }
  $disks += @{ mount = $drive.Name; size_bytes = $drive.TotalSize; free_bytes = $drive.AvailableFreeSpace }
}
${PENDING_REBOOT}
$hotfixes = $null
if ($v.hotfixes) {
  $hotfixes = @(Get-CimInstance -ClassName Win32_QuickFixEngineering | ForEach-Object { [string]$_.HotFixID } | Sort-Object)
}
Write-TillJson @{
  os = @{ id = 'windows'; version = "$major.$build.$([int]$current.UBR)"; name = $name; edition = [string]$current.EditionID }
  kernel = "$major.$build"
  architecture = [string]$env:PROCESSOR_ARCHITECTURE
  hostname = [Environment]::MachineName
  machine_id = [string]$machine.OpenSubKey('SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
  uptime_seconds = $uptime
  memory = $memory
  cpus = [Environment]::ProcessorCount
  addresses = $addresses
  disks = $disks
  powershell = [string]$PSVersionTable.PSVersion
  reasons = $reasons
  hotfixes = $hotfixes
}
`,
)

export async function observeOnWindows(
  { shell }: ModuleContext,
  { hotfixes = false }: { readonly hotfixes?: boolean },
): Promise<Result<JsonObject>> {
  const asked = await askJson<JsonObject>(shell, GATHER, { values: { hotfixes } }, 'Reading the facts')
  if (!asked.ok) return asked
  const { reasons = [], ...seen } = asked.value
  const needed = Array.isArray(reasons) && reasons.length > 0
  return success({ ...seen, init: 'windows', package_manager: 'msi', pending_reboot: { needed, reasons } })
}
