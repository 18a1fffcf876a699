/**
 * Functions for fragments that look which services were stopped along with another, by a restart of ours, and never came back.
 * Their names stand in a file until they have: a line each, the service and what depends on it. Everyone may write there,
 * so only what does depend on the service counts, and nothing that is disabled.
 */
export const WINDOWS_STRANDED = String.raw`$tillStopped = $env:ProgramData + '\Tillwright\stopped-services'
function Read-TillStopped([string]$name) {
  if (-not [IO.File]::Exists($tillStopped)) { return }
  foreach ($line in [IO.File]::ReadAllLines($tillStopped)) {
    $one = $line.Split([char]9)
    if ($one.Length -eq 2 -and $one[0] -eq $name) { $one[1] }
  }
}
function Get-TillStranded($service) {
  $names = @(Read-TillStopped $service.ServiceName)
  if ($names.Count -eq 0) { return }
  foreach ($one in $service.DependentServices) {
    if ($names -notcontains $one.ServiceName -or [string]$one.Status -ne 'Stopped') { continue }
    $settings = Get-ItemProperty -LiteralPath ('HKLM:\SYSTEM\CurrentControlSet\Services\' + $one.ServiceName)
    if ([int]$settings.Start -ne 4) { $one }
  }
}
`

/**
 * Defines `Set-TillService NAME start|stop|restart`. The service manager refuses what is asked of a service whose state is
 * passing (1061), so that is waited for. What a restart stops along with the service is started again whatever became of
 * the service, each by itself, without waiting first: at the deadline there are five seconds for it.
 */
export const WINDOWS_SERVICE_ACT = `${WINDOWS_STRANDED}function Write-TillStopped([string]$name, $stopped) {
  try {
    $lines = @()
    if ([IO.File]::Exists($tillStopped)) { $lines = @([IO.File]::ReadAllLines($tillStopped) | Where-Object { $_.Split([char]9)[0] -ne $name }) }
    $lines += @($stopped | ForEach-Object { $name + [char]9 + $_.ServiceName })
    if ($lines.Count -eq 0) { [IO.File]::Delete($tillStopped); return }
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($tillStopped))
    [IO.File]::WriteAllLines($tillStopped, [string[]]$lines, (New-Object Text.UTF8Encoding($false)))
  } catch { }
}
function Wait-TillSettled($service) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  while ([string]$service.Status -like '*Pending') {
    if ($watch.Elapsed.TotalSeconds -ge 30) { throw "The service $($service.ServiceName) is $($service.Status) for more than 30 s." }
    Start-Sleep -Milliseconds 250
    $service.Refresh()
  }
}
function Start-TillService($service) {
  if ([string]$service.Status -eq 'Paused') { $service.Continue() }
  else {
    try { Start-Service -InputObject $service } catch {
      $why = $_.Exception.GetBaseException()
      if ($why -isnot [ComponentModel.Win32Exception] -or $why.NativeErrorCode -ne 1069) { throw }
      throw "$($why.Message) (1069) Check the password of the account, and give it the right to log on as a service (secpol.msc: SeServiceLogonRight)."
    }
  }
  $service.WaitForStatus('Running', [TimeSpan]::FromSeconds(30))
}
# Those that do not run after all, with the reason of each.
function Wait-TillStarted($services, $reasons) {
  foreach ($one in $services) {
    if (-not $reasons.ContainsKey($one.ServiceName)) {
      try { $one.WaitForStatus('Running', [TimeSpan]::FromSeconds(30)) } catch { $reasons[$one.ServiceName] = $_.Exception.GetBaseException().Message }
    }
    if ($reasons.ContainsKey($one.ServiceName)) { "$($one.ServiceName) ($($reasons[$one.ServiceName]))" }
  }
}
function Set-TillService([string]$name, [string]$act) {
  $service = Get-Service -Name $name
  Wait-TillSettled $service
  if ($act -eq 'stop') {
    if ([string]$service.Status -ne 'Stopped') {
      Stop-Service -InputObject $service -Force
      $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds(30))
    }
    Write-TillStopped $name @()
    return
  }
  $along = @(Get-TillStranded $service)
  $reasons = @{}
  $problem = $null
  try {
    if ($act -eq 'restart' -and [string]$service.Status -ne 'Stopped') {
      $along += @($service.DependentServices | Where-Object { [string]$_.Status -ne 'Stopped' })
      Write-TillStopped $name $along
      Stop-Service -InputObject $service -Force
      $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds(30))
    }
    Start-TillService $service
  } catch { $problem = $_ } finally {
    foreach ($one in $along) {
      $one.Refresh()
      if ([string]$one.Status -ne 'Stopped') { continue }
      try { $one.Start() } catch { $reasons[$one.ServiceName] = $_.Exception.GetBaseException().Message }
    }
  }
  $left = @(Wait-TillStarted $along $reasons)
  if ($left.Count -eq 0) { Write-TillStopped $name @() }
  if ($problem -ne $null -and $left.Count -eq 0) { throw $problem }
  if ($left.Count -eq 0) { return }
  $said = 'These services, which were stopped along with it, do not run again: ' + ($left -join '; ') + '.'
  if ($problem -ne $null) { $said = $problem.Exception.Message + $nl + $said }
  throw $said
}
`
