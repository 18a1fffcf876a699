/**
 * PowerShell that puts into `$reasons` why Windows wants to be restarted, empty if it does not. From the registry: the
 * interface of Windows Update takes half a minute.
 */
export const PENDING_REBOOT = String.raw`$reasons = @()
if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending') { $reasons += 'component-servicing' }
if (Test-Path -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired') { $reasons += 'windows-update' }
$manager = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager'
if (@($manager.PendingFileRenameOperations | Where-Object { $_ }).Count -gt 0) { $reasons += 'file-rename' }
$names = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\'
if ((Get-ItemProperty -LiteralPath ($names + 'ActiveComputerName')).ComputerName -ne (Get-ItemProperty -LiteralPath ($names + 'ComputerName')).ComputerName) { $reasons += 'computer-name' }
`
