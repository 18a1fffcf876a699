import { startProgram } from '../files/start-program.ts'

/** How a program ended, and what it put out. */
export interface Ended {
  /** Null where it was ended by a signal or never began. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
  /** It was ended because its time was over, or because it put out too much. */
  readonly cut?: 'time' | 'size'
  /** There is no such program. */
  readonly missing?: boolean
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string | Buffer
  readonly timeoutMs?: number
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
}

const TIMEOUT_MS = 120_000
const MAX_BYTES = 1_000_000_000
const STDERR_BYTES = 64_000

/** So long a program that is asked to end has to tidy up behind itself. */
const TIDY_MS = 5_000

/** Runs a program without a shell, in a process group of its own, which goes as a whole when its time is over. */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = startProgram(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const parts: Buffer[] = []
    let bytes = 0
    let stderr = ''
    let cut: Ended['cut']
    let missing = false
    let killing: NodeJS.Timeout | undefined
    const end = (): void => {
      const { pid } = child
      if (pid === undefined || child.exitCode !== null) return
      endGroup(pid, 'SIGTERM')
      killing ??= setTimeout(() => endGroup(pid, 'SIGKILL'), TIDY_MS)
    }
    const timer = setTimeout(() => {
      cut = 'time'
      end()
    }, options.timeoutMs ?? TIMEOUT_MS)
    options.signal?.addEventListener('abort', end, { once: true })
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= (options.maxBytes ?? MAX_BYTES)) parts.push(chunk)
      else if (cut === undefined) {
        cut = 'size'
        end()
      }
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < STDERR_BYTES) stderr += chunk.toString()
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      missing = error.code === 'ENOENT'
      stderr += error.message
    })
    // One that ends before it has read everything is judged by how it ended.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
    child.once('close', (code) => {
      clearTimeout(timer)
      clearTimeout(killing)
      options.signal?.removeEventListener('abort', end)
      resolve({
        code: cut === undefined ? code : null,
        stdout: Buffer.concat(parts),
        stderr,
        ...(cut !== undefined && { cut }),
        ...(missing && { missing }),
      })
    })
  })
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended by itself in the meantime.
  }
}

/**
 * What git may do here: nothing that a repository, a remote, a user's configuration or the environment asks for beyond
 * moving objects. `-c` stands above every file of configuration.
 */
const SETTINGS: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=false',
  'core.attributesFile=/dev/null',
  'core.askPass=',
  'core.alternateRefsCommand=true',
  'credential.helper=',
  'credential.interactive=false',
  'protocol.allow=never',
  'protocol.file.allow=always',
  'protocol.ssh.allow=always',
  'protocol.https.allow=always',
  'protocol.http.allow=always',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.proxySSLCert=',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'fetch.fsckObjects=true',
  'fetch.writeCommitGraph=false',
  'fetch.showForcedUpdates=false',
  'transfer.bundleURI=false',
  'filter.lfs.smudge=',
  'filter.lfs.process=',
  'filter.lfs.required=false',
  'diff.external=',
  'merge.renames=true',
  'merge.renormalize=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'log.showSignature=false',
  // It is told of the file that GIT_GRAFT_FILE names, too, which is there so that no graft counts.
  'advice.graftFileDeprecated=false',
  'safe.directory=*',
]
const FLAGS = SETTINGS.flatMap((setting) => ['-c', setting])

/** What the login to the remote takes; files that a person has named. */
export interface GitLogin {
  /** Private key for SSH; the agent's otherwise. */
  readonly key?: string
  /** Host keys that are trusted; the user's known_hosts otherwise. */
  readonly knownHosts?: string
  /** Program that answers git's question for a user name and a password. */
  readonly askpass?: string
  /** What that program answers: a name, and the first line of a file. */
  readonly token?: { readonly user: string; readonly file: string }
}

/** The environment of git: nothing of the caller's `GIT_*`, no configuration of user or system, no questions. */
export function gitEnvironment(login: GitLogin = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') && !name.startsWith('SSH_ASKPASS'),
  )
  return {
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_GRAFT_FILE: '/dev/null',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: login.askpass ?? 'false',
    SSH_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_SSH_COMMAND: sshCommand(login),
    ...(login.token && { TILL_GIT_USER: login.token.user, TILL_GIT_TOKEN: login.token.file }),
    GIT_PAGER: 'cat',
    LC_ALL: 'C',
    TZ: 'UTC',
  }
}

/** Host keys are checked without a question, and nobody is asked for a password. */
function sshCommand({ key, knownHosts }: GitLogin): string {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=20', 'ServerAliveInterval=10']
  options.push('ServerAliveCountMax=3', 'ClearAllForwardings=yes', 'ForwardAgent=no', 'PermitLocalCommand=no')
  if (knownHosts !== undefined) options.push(`UserKnownHostsFile="${knownHosts}"`, 'GlobalKnownHostsFile=/dev/null')
  if (key !== undefined) options.push('IdentitiesOnly=yes', `IdentityFile="${key}"`)
  return ['ssh', ...options.map((option) => `-o '${option.replaceAll("'", `'\\''`)}'`)].join(' ')
}

/** Runs git in the bare repository `gitDir`. */
export function git(gitDir: string, args: readonly string[], options: RunOptions & { readonly login?: GitLogin } = {}) {
  const { login, ...rest } = options
  return runProgram('git', [...FLAGS, '--git-dir', gitDir, '--no-replace-objects', ...args], {
    env: gitEnvironment(login),
    cwd: gitDir,
    ...rest,
  })
}

/** Runs git in the work tree that `folder` lies in, as it runs in repositories of ours: nothing of its configuration counts. */
export function inWorkTree(folder: string, args: readonly string[]): Promise<Ended> {
  return runProgram('git', [...FLAGS, '--no-replace-objects', ...args], { env: gitEnvironment(), cwd: folder })
}

/** Git ended in a way that it does not end where all is well: a fault of this machine or of ours. */
export class GitBroken extends Error {
  override readonly name = 'GitBroken'
  /** The program is not there. */
  readonly missing: boolean

  constructor(what: string, ended: Ended) {
    const left = ended.code === null ? 'it was killed' : `exit code ${ended.code}`
    const how = ended.cut === undefined ? left : `ended: too much ${ended.cut}`
    super(`git ${what}: ${how}: ${ended.stderr.trim().slice(0, 2000)}`)
    this.missing = ended.missing === true
  }
}

/** As `git`, for what always succeeds in a whole repository; the text that it puts out, a character a byte. */
export async function gitText(gitDir: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ended = await git(gitDir, args, options)
  if (ended.code !== 0) throw new GitBroken(args[0] ?? '', ended)
  return ended.stdout.toString('latin1')
}
