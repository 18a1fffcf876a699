import { spawn } from 'node:child_process'
import type { ShellAnswer, ShellChannel, ShellRequest, ShellValue } from '../../../core/channel.ts'
import { inClear } from '../../../core/secret.ts'
import { POWERSHELL_HEAD } from '../../../modules/user/powershell-text.ts'
import { CHILD } from '../../../shell/powershell-prelude.ts'

const DEADLINE_MS = 60_000

/**
 * The PowerShell of this machine in place of a device's: runs the text of a user's module as `Invoke-TillScript` does
 * there, with the same program around it, and values on stdin. Other questions are none of a user's module.
 */
export function localPowerShell(
  program: string,
  where: { readonly folder: string; readonly environment: Readonly<Record<string, string>> },
): ShellChannel {
  return {
    kind: 'shell',
    dialect: 'powershell',
    ask: (request) => run(program, request, where),
    upload: () => Promise.reject(new Error('modules of the user upload nothing')),
  }
}

function run(
  program: string,
  { values = {}, maxOutputBytes = 1024 * 1024 }: ShellRequest,
  where: { readonly folder: string; readonly environment: Readonly<Record<string, string>> },
): Promise<ShellAnswer> {
  const began = performance.now()
  const args = ['-NoProfile', '-NonInteractive', '-Command', CHILD]
  const env = { ...process.env, ...where.environment }
  const child = spawn(program, args, { cwd: where.folder, env, stdio: 'pipe', timeout: DEADLINE_MS })
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => kept[name].push(chunk))
  child.stdin.on('error', () => undefined)
  child.stdin.end(inputOf(values))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const [out, err] = [Buffer.concat(kept.stdout), Buffer.concat(kept.stderr)]
      const [stdout, stderr] = [out.subarray(0, maxOutputBytes), err.subarray(0, maxOutputBytes)]
      resolve({
        exitCode: code ?? 1,
        stdout,
        stderr,
        text: stdout.toString('utf8'),
        errorText: stderr.toString('utf8'),
        truncated: out.length > maxOutputBytes || err.length > maxOutputBytes,
        timedOut: signal !== null,
        durationMs: Math.round(performance.now() - began),
      })
    })
  })
}

/** As `Invoke-TillScript` writes it: an empty line, the text, the variables, a dot; all of it base64 of UTF-8. */
function inputOf({ till_text: text = '', ...values }: Readonly<Record<string, ShellValue>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name} ${base64(inClear(value))}`)
  return ['', base64(`${POWERSHELL_HEAD}${inClear(text)}`), ...lines, '.', ''].join('\n')
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
