# Cmdlets that Windows PowerShell 5.1 has on Windows only, or whose paths are those of Windows, under a real PowerShell.
# What each answers is what its page says for 5.1: learn.microsoft.com/powershell/module/<module>/<cmdlet>?view=powershell-5.1
# and, for WMI classes, learn.microsoft.com/windows/win32/cimwin32prov/<class>.

function New-TillError([string]$message, [string]$id, [string]$category) {
  New-Object Management.Automation.ErrorRecord (New-Object InvalidOperationException $message), $id, $category, $null
}

# ---- paths. Microsoft.PowerShell.Management: Join-Path, Test-Path, Get-Item, Get-Content, Get-ItemProperty
function Join-Path([string]$Path, [string]$ChildPath) { $Path.TrimEnd('\', '/') + '\' + $ChildPath.TrimStart('\', '/') }

function Test-Path([Parameter(Position = 0)][string]$Path, [string]$LiteralPath) {
  $at = $Path + $LiteralPath
  if ($at -match '^HK') { return ($null -ne [TillWindows.WinRegistry]::At($at, $false)) }
  if ($at -match '^Env:(.*)') { return [bool][Environment]::GetEnvironmentVariable($Matches[1]) }
  [IO.File]::Exists($at) -or [IO.Directory]::Exists($at)
}

function Get-ItemProperty {
  [CmdletBinding()] param([string]$LiteralPath)
  $key = [TillWindows.WinRegistry]::At($LiteralPath, $false)
  if ($null -eq $key) {
    $text = "Cannot find path '$($LiteralPath -replace '^HKLM:', 'HKEY_LOCAL_MACHINE')' because it does not exist."
    $PSCmdlet.WriteError((New-TillError $text 'PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand' 'ObjectNotFound'))
    return
  }
  $all = [ordered]@{}
  foreach ($name in $key.GetValueNames()) { $all[$name] = $key.GetValue($name) }
  [pscustomobject]$all
}

function Get-Item {
  [CmdletBinding()] param([string]$LiteralPath, [switch]$Force)
  $item = Microsoft.PowerShell.Management\Get-Item -LiteralPath ([TillWindows.Machine]::Here($LiteralPath)) -Force
  if ($item.LinkTarget) { return [pscustomobject]@{ Target = @([TillWindows.Machine]::There($item.LinkTarget)); LinkType = 'SymbolicLink' } }
  $item
}

function Get-Content {
  [CmdletBinding()] param([string]$LiteralPath, [int]$Tail, $Encoding)
  Microsoft.PowerShell.Management\Get-Content -LiteralPath ([TillWindows.Machine]::Here($LiteralPath)) -Tail $Tail -Encoding $Encoding
}

# Microsoft.PowerShell.Security: Get-Acl, Set-Acl, Get-AuthenticodeSignature
function Get-Acl([string]$LiteralPath) {
  $rights = New-Object TillWindows.WinRights
  if ([TillWindows.Machine]::Owners.ContainsKey($LiteralPath)) { $rights.OwnerSid = [TillWindows.Machine]::Owners[$LiteralPath] }
  $rights
}
function Set-Acl([string]$LiteralPath, $AclObject) {
  if (-not (Test-Path $LiteralPath)) { throw "Cannot find path '$LiteralPath' because it does not exist." }
  if ($AclObject.Sddl -ne '') { [TillWindows.Machine]::Sddl[$LiteralPath] = $AclObject.Sddl }
  [TillWindows.Machine]::Owners[$LiteralPath] = $AclObject.OwnerSid
}
function Get-AuthenticodeSignature([string]$LiteralPath) {
  [pscustomobject]@{ Status = 'NotSigned'; SignerCertificate = $null; Path = $LiteralPath }
}

# Microsoft.PowerShell.Utility: New-Object, with -ComObject
function New-Object {
  param([Parameter(Position = 0)][string]$TypeName, [Parameter(Position = 1)][object[]]$ArgumentList, [string]$ComObject)
  if ($ComObject -eq 'Schedule.Service') { return [TillWindows.WinScheduler]::Open() }
  if ($ComObject) { throw "Retrieving the COM class factory for component failed due to the following error: 80040154 Class not registered." }
  if ($PSBoundParameters.ContainsKey('ArgumentList')) { return Microsoft.PowerShell.Utility\New-Object -TypeName $TypeName -ArgumentList $ArgumentList }
  Microsoft.PowerShell.Utility\New-Object -TypeName $TypeName
}

# ---- services. Microsoft.PowerShell.Management: Get-Service, Start-Service, Stop-Service, Set-Service (5.1: Automatic, Manual, Disabled)
function Get-Service {
  [CmdletBinding()] param([string]$Name)
  $service = $null
  if ([TillWindows.Machine]::Refuses.ContainsKey("Get-Service $Name")) {
    # As for a service whose rights do not let the caller ask: CouldNotAccessService.
    $PSCmdlet.WriteError((New-TillError "Service '$Name ($Name)' cannot be queried due to the following error: " 'CouldNotGetServiceInfo,Microsoft.PowerShell.Commands.GetServiceCommand' 'PermissionDenied'))
    return
  }
  if ([TillWindows.WinService]::All.TryGetValue($Name, [ref]$service)) { return $service }
  $text = "Cannot find any service with service name '$Name'."
  $PSCmdlet.WriteError((New-TillError $text 'NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand' 'ObjectNotFound'))
}
function Start-Service {
  [CmdletBinding()] param($InputObject)
  try { $InputObject.Start() } catch {
    $text = "Service '$($InputObject.DisplayName) ($($InputObject.Name))' cannot be started due to the following error: $($_.Exception.InnerException.Message)"
    $why = New-Object InvalidOperationException $text, $_.Exception.InnerException
    $PSCmdlet.ThrowTerminatingError((New-Object Management.Automation.ErrorRecord $why, 'CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand', 'OpenError', $null))
  }
}
function Stop-Service {
  [CmdletBinding()] param($InputObject, [switch]$Force)
  if (-not $Force -and @($InputObject.DependentServices | Where-Object { $_.Status -eq 'Running' }).Count -gt 0) {
    throw "Cannot stop service '$($InputObject.DisplayName) ($($InputObject.Name))' because it has dependent services. It can only be stopped if the Force flag is set."
  }
  $InputObject.Stop()
}
function Set-Service([string]$Name, [ValidateSet('Automatic', 'Manual', 'Disabled')][string]$StartupType) {
  $start = @{ Automatic = 2; Manual = 3; Disabled = 4 }[$StartupType]
  [TillWindows.WinRegistry]::Set("HKLM:\SYSTEM\CurrentControlSet\Services\$Name", 'Start', $start, 'DWord')
}

# ---- CimCmdlets: Get-CimInstance, Invoke-CimMethod
function Get-CimInstance {
  [CmdletBinding()] param([Parameter(Position = 0)][string]$ClassName, [string]$Namespace, [int]$OperationTimeoutSec, [string]$Filter)
  if ($ClassName -eq 'Win32_Service') {
    return [TillWindows.WinService]::All.Values | ForEach-Object { [pscustomobject]@{ Name = $_.Name; State = [string]$_.Status; CimClass = 'Win32_Service' } }
  }
  if ($ClassName -eq 'Win32_OperatingSystem') {
    # KiB: https://learn.microsoft.com/windows/win32/cimwin32prov/win32-operatingsystem
    return [pscustomobject]@{ TotalVisibleMemorySize = [uint64]4112340; FreePhysicalMemory = [uint64]1802340; LocalDateTime = [datetime]'2026-03-01T12:00:00'; LastBootUpTime = [datetime]'2026-03-01T08:00:00' }
  }
  if ($ClassName -eq 'Win32_Process' -and [TillWindows.Machine]::Instances($ClassName).Count -eq 0) {
    return [Diagnostics.Process]::GetProcesses() | ForEach-Object {
      $line = ''
      try { $line = [System.IO.File]::ReadAllText("/proc/$($_.Id)/cmdline").Replace([char]0, ' ') } catch { }
      [pscustomobject]@{ ProcessId = [uint32]$_.Id; ParentProcessId = [uint32]0; Name = $_.ProcessName + '.exe'; CommandLine = $line }
    }
  }
  if ($Namespace -and -not [TillWindows.Machine]::Cim.ContainsKey($ClassName)) {
    $PSCmdlet.ThrowTerminatingError((New-TillError 'Invalid namespace ' 'HRESULT 0x8004100e,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand' 'MetadataError'))
  }
  # Win32_Volume: Name is the drive or the folder that it is mounted in, with a backslash behind it.
  [TillWindows.Machine]::Instances($ClassName).ToArray()
}
function Invoke-CimMethod {
  [CmdletBinding()] param($InputObject, [string]$MethodName, $Arguments)
  if ($MethodName -eq 'Change') {
    [TillWindows.WinRegistry]::Set("HKLM:\SYSTEM\CurrentControlSet\Services\$($InputObject.Name)", 'ObjectName', $Arguments.StartName, 'String')
    return [pscustomobject]@{ ReturnValue = [uint32]0 }
  }
  if ($MethodName -eq 'GetOwner') {
    # A process that has ended meanwhile: WBEM_E_NOT_FOUND, https://learn.microsoft.com/windows/win32/wmisdk/wmi-error-constants
    if ($InputObject.Gone) { $PSCmdlet.ThrowTerminatingError((New-TillError 'Not found ' 'HRESULT 0x80041002,Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand' 'ObjectNotFound')) }
    return [pscustomobject]@{ Domain = $InputObject.OwnerDomain; User = $InputObject.OwnerUser; ReturnValue = [uint32]0 }
  }
  # https://learn.microsoft.com/windows/iot/iot-enterprise/customize/uwf-volume and uwf-registryfilter
  if ($MethodName -eq 'GetExclusions') {
    return [pscustomobject]@{ ExcludedFiles = $InputObject.ExcludedFiles; ExcludedKeys = $InputObject.ExcludedKeys; ReturnValue = [uint32]0 }
  }
  throw "no stand-in for the method $MethodName"
}

# ---- PrintManagement: Get-Printer; Microsoft.PowerShell.Diagnostics: Get-WinEvent; DnsClient: Resolve-DnsName
function Get-Printer { [TillWindows.Machine]::Instances('MSFT_Printer').ToArray() }

function Get-WinEvent {
  [CmdletBinding()] param([hashtable]$FilterHashtable, [long]$MaxEvents)
  # "The parameter is incorrect": a query of Windows has room for 22 conditions on ids.
  # https://learn.microsoft.com/windows/win32/wes/consuming-events#xpath-10-limitations
  if (@($FilterHashtable.Id).Count -gt 22) { throw 'The specified query is invalid' }
  $found = @([TillWindows.Machine]::Events | Where-Object {
      $_.LogName -eq $FilterHashtable.LogName -and $_.TimeCreated.ToUniversalTime() -ge $FilterHashtable.StartTime.ToUniversalTime() -and
      (-not $FilterHashtable.ContainsKey('Id') -or @($FilterHashtable.Id) -contains $_.Id) -and
      (-not $FilterHashtable.ContainsKey('Level') -or @($FilterHashtable.Level) -contains $_.Level) -and
      (-not $FilterHashtable.ContainsKey('ProviderName') -or $_.ProviderName -eq $FilterHashtable.ProviderName)
    } | Sort-Object TimeCreated -Descending | Select-Object -First $MaxEvents)
  if ($found.Count -eq 0) {
    $PSCmdlet.WriteError((New-TillError 'No events were found that match the specified selection criteria.' 'NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand' 'ObjectNotFound'))
  }
  $found
}

function Resolve-DnsName {
  [CmdletBinding()] param([string]$Name, [string]$Type, [switch]$DnsOnly, [switch]$NoHostsFile, [switch]$QuickTimeout, $Server)
  if ($Name -eq 'till.example') { return [pscustomobject]@{ Name = $Name; Type = 'A'; Section = 'Answer'; IPAddress = '192.0.2.7'; TTL = 60 } }
  # DNS_ERROR_RCODE_NAME_ERROR: https://learn.microsoft.com/windows/win32/debug/system-error-codes--9000-11999-
  $why = New-Object ComponentModel.Win32Exception 9003, "$Name : DNS name does not exist"
  $PSCmdlet.WriteError((New-Object Management.Automation.ErrorRecord $why, 'DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName', 'ResourceUnavailable', $Name))
}

Export-ModuleMember -Function *-Path, *-Item*, *-Content, *-Acl, Get-Authenticode*, New-Object, *-Service, *-Cim*, Get-Printer, Get-WinEvent, Resolve-DnsName
