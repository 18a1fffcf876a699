import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPowerShell, type PowerShell } from '../../src/shell/powershell-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { DEADLINES, localTarget } from './targets.ts'

/*
 * A real PowerShell (7.6.9, a .NET tool that `.ci/run` installs) in the place of powershell.exe, with what only Windows
 * has given by test/peers/windows: an assembly for .NET types, a module for cmdlets, programs of System32.
 */

const ROOT = join(import.meta.dirname, '../..')
const HERE = join(import.meta.dirname, 'windows')
const TOOL = process.env['TILL_PWSH'] ?? join(ROOT, '.peers/pwsh')
export const PWSH = join(TOOL, 'pwsh')

/** False: the tests that need it are skipped, loudly; in CI they fail. */
export const hasPowerShell = existsSync(PWSH)
if (!hasPowerShell) {
  const install = 'dotnet tool install PowerShell --version 7.6.9 --tool-path .peers/pwsh'
  if (process.env['CI']) throw new Error(`There is no PowerShell at ${PWSH}: ${install}`)
  console.warn(`SKIPPED: what runs under a real PowerShell. There is none at ${PWSH}: ${install}`)
}

/** A Windows machine: `root` holds its drives as folders, `bin` the powershell.exe to start. */
export interface WindowsMachine {
  readonly root: string
  readonly bin: string
  readonly environment: Readonly<Record<string, string>>
  /** Where a path of Windows is here. */
  at(path: string): string
  remove(): void
}

/** A machine with nothing on it but what every Windows has. */
export function makeWindows(): WindowsMachine {
  const root = mkdtempSync(join(tmpdir(), 'till-windows-'))
  const system = join(root, 'C/Windows/System32')
  for (const folder of ['C/Windows/System32', 'C/Windows/Temp', 'C/Till', 'C/Users/till']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  cpSync(join(HERE, 'programs'), system, { recursive: true })
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const wrapper = wrapperText(standInAssembly())
  for (const place of [join(bin, 'powershell.exe'), join(powerShellHome(), 'powershell.exe')]) {
    writeFileSync(`${place}.${process.pid}`, wrapper)
    chmodSync(`${place}.${process.pid}`, 0o755)
    renameSync(`${place}.${process.pid}`, place)
  }
  const environment = {
    TILL_WINDOWS: root,
    windir: 'C:\\Windows',
    SystemRoot: 'C:\\Windows',
    ProgramData: 'C:\\ProgramData',
    TEMP: 'C:\\Windows\\Temp',
    COMPUTERNAME: 'POS1',
    PROCESSOR_ARCHITECTURE: 'AMD64',
    POWERSHELL_TELEMETRY_OPTOUT: '1',
    POWERSHELL_UPDATECHECK: 'Off',
  }
  return {
    root,
    bin,
    environment,
    at: (path) => join(root, path.replace(':', '').replaceAll('\\', '/')),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** The environment in which a server has that machine's programs on its PATH. */
export function serverEnvironment(machine: WindowsMachine): Readonly<Record<string, string>> {
  const PATH = `${machine.bin}:${join(machine.root, 'C/Windows/System32')}:${process.env['PATH']}`
  return { ...machine.environment, PATH }
}

/** Opens the runner in a powershell.exe of that machine, started by a shell as sshd does. */
export async function openWindows(
  machine: WindowsMachine,
  more: { readonly openMs?: number; readonly before?: string } = {},
): Promise<PowerShell> {
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const variables = Object.entries({ ...machine.environment, PATH: `${machine.bin}:${process.env['PATH']}` })
  const given = variables.map(([name, value]) => `${name}='${value}'`).join(' ')
  const shell = openPowerShell({
    connection: {
      exec: (command, input) => connected.value.exec(`export ${given}; ${more.before ?? ''}${command}`, input),
    },
    deadlines: { ...DEADLINES, open: more.openMs ?? 60_000, observe: 60_000, converge: 60_000 },
  })
  return {
    ...shell,
    close: () => {
      shell.close()
      void connected.value.close()
    },
  }
}

let home: string | undefined
/** `$PSHOME`, where Windows has powershell.exe. */
function powerShellHome(): string {
  const store = join(TOOL, '.store/powershell')
  const version = readdirSync(store)[0] ?? ''
  home ??= join(store, version, 'powershell', version, 'tools')
  const framework = readdirSync(home).find((name) => existsSync(join(home as string, name, 'any/unix/pwsh.dll')))
  return framework ? join(home, framework, 'any/unix') : home
}

const MODULE = join(HERE, 'TillWindows.psm1')

const SOURCES = ['Machine.cs', 'Files.cs', 'System.cs', 'Programs.cs']

/** The types of test/peers/windows, compiled once for each text of them. */
function standInAssembly(): string {
  const texts = SOURCES.map((name) => readFileSync(join(HERE, name), 'utf8'))
  const hash = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16)
  const assembly = join(TOOL, `TillWindows-${hash}.dll`)
  if (existsSync(assembly)) return assembly
  const made = `${assembly}.${process.pid}`
  const paths = SOURCES.map((name) => `'${join(HERE, name)}'`).join(',')
  const script = `$ErrorActionPreference='Stop'; Add-Type -Path ${paths} -OutputAssembly '${made}' -ReferencedAssemblies ${REFERENCES.join(',')}`
  const { status, stdout, stderr } = spawnSync(PWSH, ['-NoProfile', '-NonInteractive', '-Command', script], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The stand-ins do not compile:\n${stdout}${stderr}`)
  renameSync(made, assembly)
  return assembly
}

const REFERENCES = [
  'System.Management.Automation',
  'Microsoft.Win32.Registry',
  'Microsoft.Win32.Primitives',
  'System.Security.Cryptography',
  'System.Collections',
  'System.Collections.NonGeneric',
  'System.Collections.Specialized',
  'System.Linq',
  'System.Diagnostics.Process',
  'System.ComponentModel.Primitives',
  'System.Runtime',
  'System.Runtime.Extensions',
  'System.IO.FileSystem.DriveInfo',
  'System.Private.Xml',
  'System.Text.RegularExpressions',
]

/** Before what it was told to run, the stand-ins are there. In base64 that is a prefix, if it has a multiple of three bytes. */
function wrapperText(assembly: string): string {
  const begin = `[void][Reflection.Assembly]::LoadFrom('${assembly}');[TillWindows.Machine]::Begin($env:TILL_WINDOWS,'${MODULE}');Import-Module '${MODULE}' -Global;`
  const prefix = Buffer.from(begin.padEnd(Math.ceil(begin.length / 3) * 3), 'utf16le').toString('base64')
  return `#!/bin/sh
was=
mark=
left=$#
while [ "$left" -gt 0 ]; do
  word=$1
  shift
  left=$((left - 1))
  case $was in
    -EncodedCommand) word='${prefix}'"$word" ;;
    -Command)
      # What comes over a connection begins with no mark; what .NET Framework starts does, where the console speaks UTF-8.
      case $word in '. (['*) ;; *) mark=1 ;; esac
      word=${JSON.stringify(begin).replaceAll('$', '\\$')}"$word"
      ;;
  esac
  was=$word
  set -- "$@" "$word"
done
[ -n "$mark" ] || exec '${PWSH}' "$@"
{ printf '\\357\\273\\277'; exec cat; } | '${PWSH}' "$@"
`
}
