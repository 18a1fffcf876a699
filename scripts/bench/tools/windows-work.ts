/** Ten steps for Windows, all of them in their desired state on a till of the sandbox. */
export function windowsRunbook(): string {
  const app = (name: string): string => `'C:\\TillApp\\${name}'`
  const agent = `'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf'`
  const steps = [
    ['facts', 'facts: {}'],
    ['version', `file: { path: ${app('VERSION')}, content: "24.11.3\\r\\n" }`],
    ['agent', `config: { path: ${agent}, format: plain, set: { Server: zabbix-proxy.example }, backup: false }`],
    ['port', `config: { path: ${app('till.ini')}, format: ini, set: { server.port: 8443 }, backup: false }`],
    ['stale', `file: { path: ${app('stale')}, state: absent }`],
    ['logs', `directory: { path: ${app('log')} }`],
    ['spooler', 'service: { name: Spooler, state: running }'],
    ['process', 'process: { name: no-such-till, running: false }'],
    ['disk', `disk: { path: 'C:\\', free_min: 1MiB }`],
    ['name', 'command: { run: [hostname], read_only: true, expect: { stdout: . } }'],
  ]
  return `name: look\nsteps:\n${steps.map(([id, module]) => `  - id: ${id}\n    ${module}`).join('\n')}\n`
}

/** What a plain WinRM client runs for them: one program, as an administrator would write it. */
export const WINDOWS_PROGRAM = [
  "$ErrorActionPreference = 'Stop'",
  "function Put($p, $t) { if (-not (Test-Path $p) -or [IO.File]::ReadAllText($p) -cne $t) { [IO.File]::WriteAllText($p, $t); 'changed' } }",
  'function Line($p, $from, $to) { $t = [IO.File]::ReadAllText($p); Put $p ($t -replace $from, $to) }',
  'Get-CimInstance Win32_OperatingSystem | Select-Object Caption, Version, LastBootUpTime',
  'Put \'C:\\TillApp\\VERSION\' "24.11.3`r`n"',
  "Line 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf' '(?m)^Server=.*(?=\\r)' 'Server=zabbix-proxy.example'",
  "Line 'C:\\TillApp\\till.ini' '(?m)^port = .*(?=\\r)' 'port = 8443'",
  "if (Test-Path 'C:\\TillApp\\stale') { Remove-Item 'C:\\TillApp\\stale' -Force }",
  "if (-not (Test-Path 'C:\\TillApp\\log')) { New-Item -ItemType Directory 'C:\\TillApp\\log' | Out-Null }",
  "if ((Get-Service Spooler).Status -ne 'Running') { Start-Service Spooler }",
  'if (Get-Process no-such-till -ErrorAction SilentlyContinue) { exit 8 }',
  'if ((Get-PSDrive C).Free -lt 1MB) { exit 7 }',
  'hostname',
].join('\n')
