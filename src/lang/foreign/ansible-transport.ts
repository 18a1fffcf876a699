import type { JsonObject, JsonValue } from '../../core/json.ts'
import { VAULT } from './ansible-model.ts'

/** Takes note of what is not carried over, what to do instead, and of the variable that says it. */
export type Lose = (what: string, detail: string, name?: string) => void

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

/** Variables of the connection that mean nothing to us, and why. */
const WITHOUT_A_WORD_OF_OURS: readonly (readonly [RegExp, string])[] = [
  [/^ansible_(become|sudo|su)_(exe|flags)$/, 'sudo and doas are found by their names and take no other options.'],
  [/^ansible_(become|sudo|su)/, 'Another account than the one that logs in is always root: see `become`.'],
  [/host_key_checking$/, 'Host keys are always checked: record them with `till trust`.'],
  [/passphrase$/, 'A key has its passphrase beside it: keys: [{file: …, passphrase: {secret: "env:NAME"}}].'],
  [/_cert_(key_)?pem$|_certificate/, 'A client certificate stands in `certificate` of `transport`.'],
  [/^ansible_(ssh|paramiko|winrm|psrp|scp|sftp|timeout|connection)/, 'See `transport` in docs/inventory.md.'],
]

/** Why a variable that begins with `ansible_` is not carried over. */
export function unknownToUs(name: string): string {
  return WITHOUT_A_WORD_OF_OURS.find(([pattern]) => pattern.test(name))?.[1] ?? 'It says something to Ansible alone.'
}

const SSH_OPTIONS = ['ansible_ssh_common_args', 'ansible_ssh_extra_args', 'ansible_ssh_args']

/** The variables of a host that say how it is reached; secrets are named, never copied. */
export function ansibleWay(vars: JsonObject, secretName: (value: string) => string, lose: Lose): AnsibleWay {
  const used = new Set<string>()
  const take = (...names: string[]): JsonValue | undefined => {
    const [first, ...others] = names.filter((name) => vars[name] !== undefined && vars[name] !== null)
    if (first === undefined) return undefined
    for (const name of [first, ...others]) {
      if (!used.has(name) && vars[name] !== vars[first])
        lose(`${name}, which says something else than ${first}`, `${first} is used.`, name)
      used.add(name)
    }
    return vars[first]
  }
  const reading = { take, secretName, lose }
  const connection = String(take('ansible_connection') ?? 'ssh').replace(/^.*\./, '')
  const type = CONNECTIONS[connection] ?? 'none'
  if (CONNECTIONS[connection] === undefined)
    lose(
      `ansible_connection: ${connection}`,
      'Devices without a shell are asked directly: transport.type is none.',
      'ansible_connection',
    )
  const isWindows = type === 'winrm' || take('ansible_shell_type') === 'powershell'
  const names = (what: string, short = what): readonly string[] => namesOf(connection, what, short)
  const user = take(...names('user'))
  const key = take('ansible_ssh_private_key_file', 'ansible_private_key_file')
  const address = take(...names('host'))
  const options = SSH_OPTIONS.map((name) => take(name))
  const optionName = SSH_OPTIONS.find((name) => used.has(name))
  const { jump } = sshArguments(options, (what, detail) => lose(what, detail, optionName))
  const transport = {
    type,
    ...portOf(take(...names('port')), lose),
    ...(isLiteral(user) && { user: String(user) }),
    ...(isLiteral(key) && { keys: [String(key)] }),
    ...passwordOf(take(...names('password', 'pass')), reading),
    ...(type === 'winrm' ? winrmSettings(take, lose, take(...names('port'))) : {}),
    ...becomeSettings(reading),
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

/**
 * The variables that say one thing of a host, the one first that counts where there are several. What is named after the connection goes over
 * the general name: of the variables of an option the last one counts (ansible-core 2.14, _loop_entries of config/manager.py, and the lists in
 * the documentation of the connections). psrp has the passwords of winrm.
 */
function namesOf(connection: string, what: string, short: string): readonly string[] {
  const own = connection === 'winrm' || connection === 'psrp' ? connection : 'ssh'
  const all = [own, ...(own === 'psrp' ? ['winrm'] : []), '', 'ssh', 'winrm', 'psrp']
  const each = (kind: string): readonly string[] =>
    kind === '' ? [`ansible_${what}`] : [`ansible_${kind}_${what}`, `ansible_${kind}_${short}`]
  return [...new Set(all.flatMap(each))]
}

function loseComputed(values: Readonly<Record<string, JsonValue | undefined>>, lose: Lose): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && !isLiteral(value))
      lose(name, 'Its value is computed by Ansible while it runs; write it out.', name)
  }
}

function portOf(written: JsonValue | undefined, lose: Lose): JsonObject {
  if (written === undefined) return {}
  const port = Number(written)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { port }
  lose(
    'ansible_port, which is no number',
    'Write the port into the inventory: the usual one is used until then.',
    'ansible_port',
  )
  return {}
}

function passwordOf(password: JsonValue | undefined, reading: Reading): JsonObject {
  return password === undefined ? {} : { password: secret('password', password, 'ansible_password', reading) }
}

/** Not computed while Ansible runs. */
export function isLiteral(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && !/\{\{|\{%/.test(JSON.stringify(value))
}

type Take = (...names: string[]) => JsonValue | undefined

interface Reading {
  readonly take: Take
  readonly secretName: (value: string) => string
  readonly lose: Lose
}

function secret(what: string, value: JsonValue, variable: string, { secretName, lose }: Reading): JsonObject {
  const name = secretName(String(value))
  const how = String(value).startsWith(VAULT) ? 'is encrypted by ansible-vault' : 'stands in the inventory'
  lose(
    `a ${what} that ${how}`,
    `The inventory now names the variable ${name}: set it where till runs, or name a file: {secret: "file:/path"}.`,
    variable,
  )
  return { secret: `env:${name}` }
}

function loseWinrmSettings(take: Take, lose: Lose): void {
  for (const name of ['ansible_winrm_message_encryption', 'ansible_psrp_message_encryption']) {
    const encryption = take(name)
    if (encryption !== undefined && !/^(auto|always)$/.test(String(encryption)))
      lose(`${name}: ${encryption}`, 'Without https messages are always encrypted.', name)
  }
  for (const name of ['operation', 'read'].map((what) => `ansible_winrm_${what}_timeout_sec`)) {
    if (take(name) !== undefined) lose(name, 'See `timeouts_ms` in docs/inventory.md.', name)
  }
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
    lose(`ansible_winrm_transport: ${first}`, `There are ${known.join(', ')}; ntlm is used.`, 'ansible_winrm_transport')
  if (take('ansible_winrm_server_cert_validation', 'ansible_psrp_cert_validation') === 'ignore') {
    lose(
      'ansible_winrm_server_cert_validation: ignore',
      'Certificates are always checked: name theirs with `ca` or `fingerprints`.',
      'ansible_winrm_server_cert_validation',
    )
  }
  loseWinrmSettings(take, lose)
  return {
    ...(port === undefined && { port: 5986 }),
    https: scheme === 'https',
    ...(known.includes(first) && { auth: first }),
  }
}

function becomeSettings(reading: Reading): JsonObject {
  const { take, lose } = reading
  const wanted = take('ansible_become', 'ansible_sudo', 'ansible_su')
  const method = String(take('ansible_become_method') ?? 'sudo').replace(/^.*\./, '')
  const user = take('ansible_sudo_user', 'ansible_become_user')
  const password = take('ansible_sudo_pass', 'ansible_become_pass', 'ansible_become_password')
  const loseBoth = (why: string, detail: string): JsonObject => {
    for (const [name, value] of Object.entries({ ansible_become_user: user, ansible_become_password: password }))
      if (value !== undefined) lose(`${name}, ${why}`, detail, name)
    return {}
  }
  if (wanted !== undefined && !isLiteral(wanted))
    lose('ansible_become, computed by Ansible while it runs', 'Write `become` into `transport`.', 'ansible_become')
  if (!/^(true|yes|on|y|t|1)$/i.test(String(wanted))) {
    const detail = 'A playbook may say become: true itself; here `transport` does, for all that is done on a device.'
    return loseBoth('without ansible_become', detail)
  }
  if (method === 'runas') {
    const detail = 'On Windows everything is done as the account that logs in.'
    lose('ansible_become_method: runas', detail, 'ansible_become_method')
    return loseBoth('of runas', detail)
  }
  if (user !== undefined && user !== 'root')
    lose(`ansible_become_user: ${user}`, 'A device is worked on as root.', 'ansible_become_user')
  if (method === 'doas') {
    const name = 'ansible_become_password'
    if (password !== undefined) lose(`${name} of doas`, 'doas takes one from a terminal only.', name)
  } else if (method !== 'sudo') {
    const detail = 'sudo is used: see `become` in docs/inventory.md.'
    lose(`ansible_become_method: ${method}`, detail, 'ansible_become_method')
  }
  return { become: becomeBy(method, password, reading) }
}

function becomeBy(method: string, password: JsonValue | undefined, reading: Reading): JsonObject {
  if (method === 'doas') return { method }
  if (password === undefined) return { method: 'sudo' }
  const name = 'ansible_become_password'
  return { method: 'sudo', password: secret('password of sudo', password, name, reading) }
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
  rest = rest.replace(/-o\s*["']?(ControlMaster|ControlPersist|ControlPath)[= ]\S+|-[CqT]\b/g, ' ')
  // Their names alone: a ProxyCommand may hold a password.
  const names = [...rest.matchAll(/-o\s*["']?(\w+)|(?:^|\s)(-[A-Za-z])/g)].map(([, option, flag]) => option ?? flag)
  if (rest.trim() !== '')
    lose(
      `options of ssh: ${[...new Set(names)].join(', ') || 'of a kind that is not known'}`,
      'One connection is kept for a whole run; see `transport` in docs/inventory.md.',
    )
  return jump === undefined ? {} : { jump }
}
