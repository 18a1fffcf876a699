/**
 * PowerShell that puts into `$reasons` why Windows wants to be restarted, empty if it does not. From the registry: the
 * interface of Windows Update takes half a minute; from that of 64 bits, since a PowerShell of 32 bits sees another by itself.
 */
export const PENDING_REBOOT = String.raw`$reasons = @()
$machine = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
if ($machine.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending') -ne $null) { $reasons += 'component-servicing' }
if ($machine.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired') -ne $null) { $reasons += 'windows-update' }
$manager = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager'
if (@($manager.PendingFileRenameOperations | Where-Object { $_ }).Count -gt 0) { $reasons += 'file-rename' }
$names = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\'
if ((Get-ItemProperty -LiteralPath ($names + 'ActiveComputerName')).ComputerName -ne (Get-ItemProperty -LiteralPath ($names + 'ComputerName')).ComputerName) { $reasons += 'computer-name' }
`
