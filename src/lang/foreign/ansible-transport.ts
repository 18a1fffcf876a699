import type { JsonObject, JsonValue } from '../../core/json.ts'
import { VAULT } from './ansible-model.ts'

/** Takes note of what is not carried over, and what to do instead. */
export type Lose = (what: string, detail: string) => void

/** How Ansible reaches a host, in our words. */
export interface AnsibleWay {
  readonly family: 'linux' | 'windows'
  readonly address?: string
  readonly transport: JsonObject
  /** Host, or user@host:port, that it is reached through. */
  readonly jump?: string
  /** The variables that this took care of. */
  readonly used: ReadonlySet<string>
}

const CONNECTIONS: Readonly<Record<string, string>> = {
  ssh: 'ssh',
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  winrm: 'winrm',
  psrp: 'winrm',
  local: 'local',
}
/** How Ansible starts its own programs on a device; there are none of ours. */
const NOT_NEEDED =
  /^ansible_(python_interpreter|shell_type|shell_executable|.*_interpreter|pipelining|ssh_pipelining|remote_tmp|facts?|module_compression)$/

/** The variables of a host that say how it is reached; secrets are named, never copied. */
export function ansibleWay(vars: JsonObject, secretName: (value: string) => string, lose: Lose): AnsibleWay {
  const used = new Set<string>()
  const take = (...names: string[]): JsonValue | undefined => {
    const present = names.filter((name) => vars[name] !== undefined && vars[name] !== null)
    for (const name of present) used.add(name)
    const [first] = present
    return first === undefined ? undefined : vars[first]
  }
  const connection = String(take('ansible_connection') ?? 'ssh').replace(/^.*\./, '')
  const type = CONNECTIONS[connection] ?? 'none'
  if (CONNECTIONS[connection] === undefined)
    lose(`ansible_connection: ${connection}`, 'Devices without a shell are asked directly: transport.type is none.')
  const isWindows = type === 'winrm' || take('ansible_shell_type') === 'powershell'
  const user = take('ansible_user', 'ansible_ssh_user')
  const key = take('ansible_ssh_private_key_file', 'ansible_private_key_file')
  const address = take('ansible_host', 'ansible_ssh_host')
  const { jump } = sshArguments(
    [take('ansible_ssh_common_args'), take('ansible_ssh_extra_args'), take('ansible_ssh_args')],
    lose,
  )
  const transport = {
    type,
    ...portOf(take, lose),
    ...(isLiteral(user) && { user: String(user) }),
    ...(isLiteral(key) && { keys: [String(key)] }),
    ...passwordOf(take, secretName, lose),
    ...(type === 'winrm'
      ? winrmSettings(take, lose, take('ansible_port', 'ansible_winrm_port', 'ansible_psrp_port'))
      : {}),
    ...becomeSettings(take, secretName, lose),
  }
  loseComputed({ ansible_user: user, ansible_ssh_private_key_file: key, ansible_host: address }, lose)
  for (const name of Object.keys(vars)) if (NOT_NEEDED.test(name)) used.add(name)
  return {
    family: isWindows ? 'windows' : 'linux',
    ...(isLiteral(address) && { address: String(address) }),
    transport,
    ...(jump !== undefined && { jump }),
    used,
  }
}

function loseComputed(values: Readonly<Record<string, JsonValue | undefined>>, lose: Lose): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && !isLiteral(value))
      lose(name, 'Its value is computed by Ansible while it runs; write it out.')
  }
}

function portOf(take: Take, lose: Lose): JsonObject {
  const written = take('ansible_port', 'ansible_ssh_port', 'ansible_winrm_port', 'ansible_psrp_port')
  if (written === undefined) return {}
  const port = Number(written)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { port }
  lose('ansible_port, which is no number', 'Write the port into the inventory: the usual one is used until then.')
  return {}
}

function passwordOf(take: Take, secretName: (value: string) => string, lose: Lose): JsonObject {
  const password = take('ansible_password', 'ansible_ssh_pass', 'ansible_winrm_password')
  return password === undefined ? {} : { password: secret('password', password, secretName, lose) }
}

/** Not computed while Ansible runs. */
export function isLiteral(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && !/\{\{|\{%/.test(JSON.stringify(value))
}

type Take = (...names: string[]) => JsonValue | undefined

function secret(what: string, value: JsonValue, secretName: (value: string) => string, lose: Lose): JsonObject {
  const name = secretName(String(value))
  const how = String(value).startsWith(VAULT) ? 'is encrypted by ansible-vault' : 'stands in the inventory'
  lose(
    `a ${what} that ${how}`,
    `The inventory now names the variable ${name}: set it where till runs, or name a file: {secret: "file:/path"}.`,
  )
  return { secret: `env:${name}` }
}

/** Without a port Ansible takes 5986, and https for every port but 5985. */
function winrmSettings(take: Take, lose: Lose, port: JsonValue | undefined): JsonObject {
  const scheme = take('ansible_winrm_scheme', 'ansible_psrp_protocol') ?? (Number(port) === 5985 ? 'http' : 'https')
  const auth = take('ansible_winrm_transport', 'ansible_psrp_auth')
  const known = ['ntlm', 'basic', 'certificate', 'kerberos']
  const first = String(Array.isArray(auth) ? auth[0] : (auth ?? ''))
    .replace('plaintext', 'basic')
    .replace('ssl', 'basic')
  if (auth !== undefined && !known.includes(first))
    lose(`ansible_winrm_transport: ${first}`, `There are ${known.join(', ')}; ntlm is used.`)
  if (take('ansible_winrm_server_cert_validation', 'ansible_psrp_cert_validation') === 'ignore') {
    lose(
      'ansible_winrm_server_cert_validation: ignore',
      'Certificates are always checked: name theirs with `ca` or `fingerprints`.',
    )
  }
  take('ansible_winrm_message_encryption', 'ansible_winrm_operation_timeout_sec', 'ansible_winrm_read_timeout_sec')
  return {
    ...(port === undefined && { port: 5986 }),
    https: scheme === 'https',
    ...(known.includes(first) && { auth: first }),
  }
}

function becomeSettings(take: Take, secretName: (value: string) => string, lose: Lose): JsonObject {
  const wanted = take('ansible_become')
  const method = String(take('ansible_become_method') ?? 'sudo')
  const user = String(take('ansible_become_user') ?? 'root')
  const password = take('ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass')
  if (!/^(true|yes|1)$/i.test(String(wanted))) return {}
  if (method === 'runas') {
    lose('ansible_become_method: runas', 'On Windows everything is done as the account that logs in.')
    return {}
  }
  if (method !== 'sudo') lose(`ansible_become_method: ${method}`, 'sudo is used: see `become` in docs/inventory.md.')
  if (user !== 'root') lose(`ansible_become_user: ${user}`, 'A device is worked on as root.')
  const known = password === undefined ? {} : { password: secret('password of sudo', password, secretName, lose) }
  return { become: { method: 'sudo', ...known } }
}

/** `-o ProxyJump=…`, `-J …`, and a ProxyCommand of ssh; other options are said to be lost. */
function sshArguments(texts: readonly (JsonValue | undefined)[], lose: Lose): { readonly jump?: string } {
  let rest = texts
    .filter((text) => text !== undefined)
    .map(String)
    .join(' ')
  let jump: string | undefined
  const patterns = [
    /-o\s*["']?ProxyCommand[= ]\s*["']?ssh\s+(?:-[A-Za-z]+\s+(?:%h:%p\s+)?|-o\s+\S+\s+)*([\w.@:-]+)(?:\s+-W\s+%h:%p)?["']*/,
    /-o\s*["']?ProxyJump[= ]\s*([\w.@:-]+)["']?/,
    /-J\s*([\w.@:-]+)/,
  ]
  for (const pattern of patterns) {
    const [all, host] = pattern.exec(rest) ?? []
    if (all === undefined) continue
    jump ??= host
    rest = rest.replace(all, ' ')
  }
  if (/StrictHostKeyChecking|UserKnownHostsFile/.test(rest)) {
    lose(
      'options that switch off the check of host keys',
      'Host keys are always checked: record them with `till trust`.',
    )
    rest = rest.replace(/-o\s*["']?(StrictHostKeyChecking|UserKnownHostsFile)[= ]\S+/g, ' ')
  }
  rest = rest.replace(
    /-o\s*["']?(ControlMaster|ControlPersist|ControlPath|ServerAlive\w+|ConnectTimeout)[= ]\S+|-[CqT]\b/g,
    ' ',
  )
  // Their names alone: a ProxyCommand may hold a password.
  const names = [...rest.matchAll(/-o\s*["']?(\w+)|(?:^|\s)(-[A-Za-z])/g)].map(([, option, flag]) => option ?? flag)
  if (rest.trim() !== '')
    lose(
      `options of ssh: ${[...new Set(names)].join(', ') || 'of a kind that is not known'}`,
      'One connection is kept for a whole run; see `transport` in docs/inventory.md.',
    )
  return jump === undefined ? {} : { jump }
}
