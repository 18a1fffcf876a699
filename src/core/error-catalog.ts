import { SAFETY } from './safety-codes.ts'

/** What a code stands for: a title without variables, and what to do about it. */
export interface CatalogEntry {
  readonly title: string
  readonly advice: string
}

function entry(title: string, advice: string): CatalogEntry {
  return { title, advice }
}

type Entries = Readonly<Record<string, CatalogEntry>>

/** Files, arguments and this machine: found before any device is touched. */
const INPUT = {
  YAML_SYNTAX_INVALID: entry('The file is not valid YAML', 'Mend the file at the place shown.'),
  YAML_KEY_DUPLICATE: entry('A key appears twice in one map', 'Keep one of the two entries.'),
  YAML_LIMIT_EXCEEDED: entry(
    'The file is larger or more deeply aliased than is accepted',
    'Split the file, or write aliases out.',
  ),
  FILE_UNREADABLE: entry('A file could not be read', 'Check that it exists and that you may read it.'),
  FILE_IS_POINTER: entry(
    'A file is a pointer of Git LFS, and its content is not here',
    'Fetch its content by `git lfs pull`, or keep the file in git itself: what is followed has no LFS.',
  ),
  FILE_UNWRITABLE: entry(
    'A file cannot be written',
    'Check the folder, that you may write there, and that there is room.',
  ),
  SCHEMA_KEY_UNKNOWN: entry('A key is not known here', 'Remove it, or use one of the keys that are.'),
  SCHEMA_KEY_MISSING: entry('A required key is missing', 'Add it.'),
  SCHEMA_VALUE_INVALID: entry('A value is not of the form that is expected', 'Write it in the form shown.'),
  INV_EMPTY: entry(
    'The inventory holds no stores',
    'Point `inventory` of tillwright.yaml at your files, or run `till inventory generate`.',
  ),
  INV_STORE_DUPLICATE: entry('Two stores have the same id', 'Give one of them another id.'),
  INV_DEVICE_DUPLICATE: entry('Two devices of a store have the same id', 'Give one of them another id.'),
  INV_NAME_DUPLICATE: entry('A profile, a region or the fleet is described twice', 'Keep one of the two descriptions.'),
  INV_ADDRESS_DUPLICATE: entry(
    'Two devices have the same address',
    'One address reaches one device: correct the wrong one.',
  ),
  INV_PROFILE_UNKNOWN: entry('A device names a profile that does not exist', 'Use one of the profiles, or add it.'),
  INV_REFERENCE_UNKNOWN: entry(
    'Something names a device, calendar or region that does not exist',
    'Name one that exists.',
  ),
  INV_HOURS_IMPOSSIBLE: entry(
    'Trading hours that cannot be',
    'Write spans as HH:MM-HH:MM that do not overlap, dates as YYYY-MM-DD.',
  ),
  INV_TIME_ZONE_UNKNOWN: entry('A time zone is not known', 'Use an IANA name such as Europe/Warsaw.'),
  INV_VIA_CYCLE: entry('Gateways that lead in a circle', 'A device cannot be reached through itself.'),
  INV_IMPORT_INVALID: entry(
    'The inventory of another tool cannot be read',
    'Mend the file at the place shown, or name the inventory itself.',
  ),
  INV_IMPORT_PARTIAL: entry(
    'Something of the inventory of another tool was not carried over',
    'Read what is listed, and write what you need of it by hand.',
  ),
  POLICY_UNKNOWN: entry('No policy has this name', 'Name one of the policies of tillwright.yaml, or `default`.'),
  POLICY_INVALID: entry('A policy says something that cannot be', 'Mend it at the place shown.'),
  CALENDAR_INVALID: entry('An iCal file cannot be used', 'Mend the file at the line shown, or export it again.'),
  RUNBOOK_UNKNOWN: entry('No runbook has this name', 'Name a file, or one of the runbooks of this repository.'),
  RUNBOOK_MODULE_UNKNOWN: entry('A step names no module that exists', 'A step has exactly one module as a key.'),
  RUNBOOK_STEP_DUPLICATE: entry('Two steps have the same id', 'Give one of them another id.'),
  RUNBOOK_STEP_UNKNOWN: entry(
    'Something refers to a step that is not before it',
    'Refer to the id of an earlier step.',
  ),
  RUNBOOK_PARAM_INVALID: entry(
    'A parameter of the runbook is unknown, missing or not of its type',
    'See the `params` of the runbook.',
  ),
  RUNBOOK_REACTION_INVALID: entry(
    'restart_on on a module that does not react',
    'Only modules that say so react to earlier steps.',
  ),
  MODULE_NAME_TAKEN: entry(
    'A module of the repository has a name that is taken',
    'Give it another name; the file is named after it.',
  ),
  MODULE_UNKNOWN: entry('No module has this name', 'See `till module list` for what there is.'),
  MODULE_CASES_MISSING: entry(
    'A module has no cases to be tested by',
    'Write `NAME.test.yaml` beside it; `till module new` writes one to begin with.',
  ),
  VALUE_MISSING: entry(
    'A step names a value that a device does not have',
    'Give the device the value (`till inventory show` tells where values come from), or leave it out.',
  ),
  EXPRESSION_INVALID: entry('An expression does not compile', 'Mend it at the place shown; the language is CEL.'),
  PROJECT_UNKNOWN: entry(
    'No tillwright.yaml was found',
    'Run inside a Tillwright repository, or name one with --project.',
  ),
  PLACEHOLDER_FOREIGN: entry(
    'A text has a placeholder that is none here',
    'Write it as the message says; what is meant for a program on the device stays as it is.',
  ),
  SELECTOR_EMPTY: entry('No device matches the selector', 'See `till inventory list` for what there is.'),
  WORK_TREE_DIFFERS: entry(
    'Files are not here, or not as the commit has them, and git calls the work tree clean',
    'The message says how to have them as the commit has them.',
  ),
  PLAN_INVALID: entry('The plan file cannot be used', 'Make it anew with `till plan --output`.'),
  PLAN_STALE: entry(
    'The runbook, the inventory or a file that devices get changed since the plan was made',
    'Plan again and have the new plan reviewed.',
  ),
  GITOPS_MISSING: entry(
    'No repository is followed here, or nothing of it is trusted yet',
    '`till gitops follow REPOSITORY --signers FILE --revocations FILE`, then `till gitops trust COMMIT --reason TEXT`.',
  ),
  GITOPS_INVALID: entry(
    'Something that decides whether a revision is trusted cannot be used',
    'Mend the file that is named: nothing is trusted without it.',
  ),
  GITOPS_BUSY: entry('Another process works with the same folder', 'Wait until it is done, or name another folder.'),
  GITOPS_TOOL_MISSING: entry(
    'A program that fetches or verifies revisions is missing, or too old',
    'Install it: git 2.38 or later, ssh-keygen (openssh-client) and, for keys of GnuPG, gpg; for X.509 certificates, openssl.',
  ),
  GITOPS_TOOL_BROKEN: entry(
    'A program that verifies the signature of a plan ended without an answer',
    'Try again; where it stays so, see what kills it on this machine (memory, limits of processes).',
  ),
  GITOPS_MIRROR_BROKEN: entry(
    'The copy of the repository on this machine is damaged',
    'Remove the folder that is named; it is fetched anew, and what is in force stays so.',
  ),
  PLAN_EXPIRED: entry('The plan is too old to be applied', 'Plan again and have the new plan reviewed.'),
  AUDIT_UNSIGNED: entry(
    'Rows of the audit log cannot be cut off under a signature',
    'Name a key of somebody on the list (audit.signers); where rows were cut off unsigned before, look into it and say `till audit cut --vouch WHY`.',
  ),
  PLAN_UNTRUSTED: entry(
    'The plan is not signed by somebody who may, or cannot be signed',
    'Plan with --sign KEY, by a key of the list of signers, and keep plan and signature together.',
  ),
  USAGE_INVALID: entry('The command line is not understood', 'See `till --help`, or the command with --help.'),
  RUN_UNKNOWN: entry('No run has this id', 'See `till runs list`.'),
  SECRET_UNREADABLE: entry('A secret could not be read', 'Set the variable or the file that the inventory names.'),
  SECRET_COMMAND_FAILED: entry(
    'A command that tells secrets did not tell this one',
    'Try it by hand in the folder of the repository; see `secrets.commands` of tillwright.yaml.',
  ),
  SECRET_SEALED: entry(
    'An encrypted value of the repository cannot be opened',
    'Check `secrets.age.identity` of tillwright.yaml, and for whom it was encrypted: `till secret encrypt` makes it anew.',
  ),
  SECRET_SHORT: entry(
    'A secret is too short to be masked inside of other text',
    'Use one of at least 4 characters: shorter ones are masked only where they stand alone.',
  ),
  SANDBOX_UNAVAILABLE: entry(
    'The sandbox cannot isolate devices on this machine',
    'It needs Linux with user namespaces (or root).',
  ),
  SANDBOX_RUNNING: entry('A sandbox is running already', 'End it with `till sandbox down`.'),
  SANDBOX_MISSING: entry('No sandbox is running', 'Start one with `till sandbox up`.'),
  STATE_UNUSABLE: entry(
    'The state store cannot be used',
    'Check the folder and its permissions, or PostgreSQL as the message says.',
  ),
  STATE_FOREIGN: entry(
    'The repository counts on another state store: this one may plan, but not change',
    'Run it where the store of the repository is; or, where this is to be the one from now on, `till state adopt`.',
  ),
  STATE_IN_USE: entry('A process works with the state store', 'End runs, `till serve` and workers, then say it again.'),
  STATE_NOT_ADOPTED: entry('The state store cannot become the one of the repository', 'Do what the message says.'),
  HOOK_INVALID: entry('Hooks that cannot be as they are written', 'Mend the rule or the source at the place shown.'),
  HOOK_PAYLOAD_INVALID: entry(
    'What monitoring sent is not of the form that its source has',
    'Compare what is sent with what the source is said to send; `till hook test` tries a file.',
  ),
  MONITORING_REFUSED: entry(
    'A system of monitoring refused what was asked of it, or cannot be asked',
    'See its own words: the address, the token, its rights, and the version of the system.',
  ),
  AVAILABILITY_INVALID: entry(
    'Availability that cannot be as it is written',
    'Mend `availability` of tillwright.yaml at the place shown.',
  ),
  SERVER_INVALID: entry(
    'A server that cannot be as it is written',
    'Mend `server` of tillwright.yaml, or what it names, at the place shown.',
  ),
  OIDC_PROVIDER_UNUSABLE: entry(
    'Nobody can sign in by the provider of OpenID Connect',
    'See its reason: the address of `server.oidc.issuer`, the line and certificates on the way there, and what the provider has on record of this ' +
      'client (id, secret, redirect URI, scopes). Local accounts work meanwhile.',
  ),
  SINK_FULL: entry(
    'A sink lacks more events than are kept for it',
    'See `till sinks status`; mend what it goes to, or let old events go (keep.when_full: drop-oldest).',
  ),
  WORKERS_NEED_DATABASE: entry(
    'Workers need the state in PostgreSQL',
    'Name a database as `state.postgres` in tillwright.yaml; `till state migrate` moves what is there.',
  ),
  WORKER_NONE: entry(
    'No worker serves some of the devices',
    'Start one that does with `till worker --serve`, or select other devices.',
  ),
  WORKER_REFUSED: entry(
    'tillwright.yaml does not let this worker work',
    'Name it in `workers` with the key of its token (`till worker token`), give it that token with `--token`, and have it serve no more than `serves`.',
  ),
  WORKER_NAME_TAKEN: entry('A worker of this name is there already', 'Give this one another name with `--name`.'),
  SECRET_NOT_HANDED: entry(
    'A parameter of the runbook is a secret, and would lie in the queue',
    'Have the runbook read it with `secret(…)`, where the worker runs; or run it without `--on workers`.',
  ),
  SINK_UNSUPPORTED: entry(
    'Sinks need the state in a file',
    'Take the newest release: in it they work with PostgreSQL, too.',
  ),
  SINK_LIBRARY_MISSING: entry(
    'A sink needs a library that is not installed, or does not load',
    'Install it by the command that is shown.',
  ),
  SINK_UNKNOWN: entry('There is no such sink', 'Name one of `sinks` of tillwright.yaml.'),
  SOURCE_INVALID: entry(
    'A source of events that cannot be as it is written',
    'Mend `sources` of tillwright.yaml at the place shown; `till sources test` tries a file.',
  ),
  SOURCE_UNKNOWN: entry('There is no such source of events', 'Name one of `sources` of tillwright.yaml.'),
  SOURCE_LIBRARY_MISSING: entry(
    'A source needs a library that is not installed, or does not load',
    'Install it by the command that is shown.',
  ),
  SERVER_RUNNING: entry(
    'Another server works on this state already',
    'Stop that one first, or give this repository another `state`.',
  ),
  DEVICE_LIST_UNUSABLE: entry(
    'A list of devices that is not whole, not fresh, or none',
    'The message says what is wrong with it; ask whoever keeps it, and nothing was proposed.',
  ),
  SERVER_ADDRESS_UNUSABLE: entry(
    'The address to listen on cannot be had',
    'See which program has it (`ss -ltnp`), or name another one with --listen.',
  ),
  MONITORING_UNREACHABLE: entry(
    'A monitoring system could not be told',
    'See that it listens there, and that this machine may reach it.',
  ),
  HOOK_EPISODE_UNKNOWN: entry('There is no such episode', 'See `till episodes list --all`.'),
  RESPONSIBILITY_INVALID: entry(
    'A responsibility matrix that leaves something open',
    'The message names the row, team or contract that is missing, and its place.',
  ),
  INCIDENT_UNKNOWN: entry('There is no such incident', 'See `till incidents list --all`.'),
  INCIDENT_REFUSED: entry(
    'An incident that cannot be changed in this way',
    'The message says what has to be so first.',
  ),
} as const satisfies Entries

/** The way to a device. */
const WAY = {
  RESOLVE_FAILED: entry(
    'The name of the device does not resolve',
    'Check the address in the inventory and the name server.',
  ),
  TRANSPORT_UNSUPPORTED: entry(
    'This transport is not spoken',
    'The inventory says how the device is reached; this version does not speak it.',
  ),
  OPENSSH_UNUSABLE: entry(
    'The ssh of this machine cannot be used for the device',
    'Install openssh-client, mend ssh_config, and leave to `type: ssh` what needs a password: `ssh -v ADDRESS` shows more.',
  ),
  TRANSPORT_NONE: entry(
    'The device has no shell',
    'Steps that need a shell cannot run on it; ask it from the controller.',
  ),
  CONNECT_REFUSED: entry(
    'The device refused the connection',
    'The machine answers, but nothing listens on that port: is the SSH or WinRM service running?',
  ),
  CONNECT_TIMEOUT: entry(
    'The device did not answer in time',
    'Off, disconnected, or a firewall drops packets: check the link of the store first.',
  ),
  CONNECT_UNREACHABLE: entry('There is no route to the device', 'Check the VPN and the link of the store.'),
  CONNECT_RESET: entry(
    'The device dropped the connection before it said who it is',
    'Often a server that is busy (MaxStartups); it was tried again with back-off.',
  ),
  CONNECT_VIA_FAILED: entry('The gateway to the device could not be used', 'Mend the way to the gateway first.'),
  IDENTIFY_TIMEOUT: entry(
    'The device accepted the connection but did not finish the key exchange in time',
    'The machine hangs or is overloaded.',
  ),
  IDENTIFY_PROTOCOL_INVALID: entry(
    'What answered does not speak SSH or WinRM',
    'Another service listens on this port, or something between answers in its place.',
  ),
  IDENTIFY_ALGORITHM_NONE: entry('No common algorithm', 'The SSH server of the device is too old or too strict.'),
  HOST_KEY_UNKNOWN: entry('The host key of the device is not known', 'Compare and record it with `till trust`.'),
  HOST_KEY_MISMATCH: entry(
    'The host key of the device is not the recorded one',
    'Another machine answers at this address, or the device was reinstalled. Find out which before you trust it.',
  ),
  CERTIFICATE_UNTRUSTED: entry(
    'The certificate of the device is signed by nobody whom we trust',
    'Name its authority with `ca`, or the certificate itself with `fingerprints`, compared with the device by another way.',
  ),
  CERTIFICATE_MISMATCH: entry(
    'The certificate of the device is none of those that are recorded',
    'Another machine answers at this address, or its certificate was renewed. Find out which before you record it.',
  ),
  CERTIFICATE_INVALID: entry(
    'The certificate of the device has expired, or is made out to another name',
    'Renew it; or name what it is made out to with `server_name`.',
  ),
  AUTHENTICATE_REFUSED: entry('The device refused the login', 'Check the user, and the key or the password.'),
  CREDENTIAL_STOPPED: entry(
    'The login was not tried, since other devices refused the same password',
    'Correct the secret and run again. Where each device has an account of its own: `run.refusals: 0` in tillwright.yaml.',
  ),
  AUTHENTICATE_PROMPT_UNANSWERED: entry(
    'The device asks something at the login that nobody has an answer for',
    'Answer it with `prompts` of the transport. A one-time code is for people: let the account of till in by a key without one.',
  ),
  PASSWORD_EXPIRED: entry(
    'The password of the account has expired and must be changed',
    'Change it on the device (`passwd`), or exempt the account of till: `chage -M -1 USER`.',
  ),
  AUTHENTICATE_CLOSED: entry(
    'The device hung up in the middle of the login',
    'Look at its log of logins (`journalctl -u ssh`): an account that has expired, rules about who may log in, a device that is starting or shutting down. If it says nothing, check the line.',
  ),
  AUTHENTICATE_TIMEOUT: entry('The device did not answer the login in time', 'The machine hangs or is overloaded.'),
  AUTHENTICATE_SCHEME_NONE: entry(
    'The device does not offer this way to log in',
    'Set `auth` to one that it offers, or allow it there: `winrm get winrm/config/service/auth`.',
  ),
  KERBEROS_UNAVAILABLE: entry(
    'Kerberos cannot be used here',
    'Install the npm package `kerberos` beside Tillwright, and get a ticket with `kinit`.',
  ),
  PLAINTEXT_REFUSED: entry(
    'The device refuses messages that are not encrypted',
    'Use `https: true`, or `auth: ntlm`, which seals them.',
  ),
  SEAL_INVALID: entry(
    'An answer did not carry the seal of the session',
    'Something between this machine and the device changes what they say: a proxy, or an attacker.',
  ),
  ACCESS_DENIED: entry(
    'The account may log in, but not work on the device',
    'It must be an administrator there. Windows filters the rights of local accounts over the network: set LocalAccountTokenFilterPolicy to 1, or use a domain account.',
  ),
  AUTHENTICATE_KEY_INVALID: entry('A private key cannot be used', 'Check the file and its passphrase.'),
  OPEN_TIMEOUT: entry('The device did not start an interpreter in time', 'The machine hangs or is overloaded.'),
  OPEN_REFUSED: entry(
    'The device refused to start an interpreter',
    'Check the login shell, forced commands and MaxSessions.',
  ),
  SERVICE_UNAVAILABLE: entry(
    'The WinRM service of the device does not take requests',
    'Is it starting, or out of connections? Look at `Get-Service WinRM`, and at MaxConnections.',
  ),
  QUOTA_SHELLS_EXCEEDED: entry(
    'The account has as many shells on the device as it may',
    'It was waited for. End old ones (`Get-WSManInstance shell -Enumerate`, `Remove-WSManInstance`), or raise MaxShellsPerUser.',
  ),
  QUOTA_OPERATIONS_EXCEEDED: entry(
    'The account has as many operations under way on the device as it may',
    'It was waited for. Something else works there with this account; or raise MaxConcurrentOperationsPerUser.',
  ),
  QUOTA_USERS_EXCEEDED: entry(
    'As many users work on the device as may',
    'It was waited for. Log others off, or raise MaxConcurrentUsers.',
  ),
  QUOTA_LOAD_EXCEEDED: entry(
    'The device takes no more requests for now',
    'It was waited for. Is it overloaded, or asked by something else?',
  ),
  ENVELOPE_TOO_LARGE: entry(
    'The device takes no message of this size',
    'Raise MaxEnvelopeSizekb there: 150 is what older Windows has.',
  ),
  SHELL_GONE: entry(
    'The shell on the device has gone',
    'The machine or its WinRM service was restarted, or somebody ended the shell.',
  ),
  INPUT_REFUSED: entry('The program on the device takes no input', 'It hangs, or the machine is overloaded.'),
  WINRM_FAULT: entry(
    'The device answered with a fault of WinRM that is not expected here',
    'Look its number up: `winrm helpmsg`, or `certutil -error`.',
  ),
  SHELL_BLOCKED: entry(
    'Antivirus software did not let PowerShell begin',
    'Set `scripts: plain` under `transport`; see "Antivirus programs" of docs/windows.md for what has to be allowed otherwise.',
  ),
  SHELL_MISSING: entry(
    'There is no powershell.exe on the device',
    'Install Windows PowerShell 5.1, or see that its folder is on the PATH of the account; a device that is not Windows needs `os`.',
  ),
  SHELL_UNUSABLE: entry(
    'What the device started is not the shell that is needed',
    'On Linux check the login shell, forced commands and restricted shells; on Windows the version of PowerShell, and policies and antivirus programs that block it.',
  ),
  BECOME_REFUSED: entry(
    'The device refused sudo or doas',
    'Check sudoers and the password if one is needed; doas needs `permit nopass`.',
  ),
  SESSION_LOST: entry('The connection broke', 'Check the link of the store.'),
  SESSION_GARBLED: entry(
    'The answer of the device is not in the form that was asked for',
    'Something on the device writes into the session.',
  ),
  OUTPUT_FLOODED: entry('The device sent far more than was asked for', 'Look at the command that does so.'),
} as const satisfies Entries

/** What a step met. */
const STEP = {
  MODULE_SYSTEM_UNSUPPORTED: entry(
    'The module does not know this operating system',
    'Narrow the runbook with `when` or `targets`.',
  ),
  TOOL_MISSING: entry('A program that the step needs is not on the device', 'Install it, or use another module.'),
  OBSERVE_FAILED: entry('The state of the device could not be read', 'See the message of the device.'),
  OBSERVE_TIMEOUT: entry(
    'Reading the state of the device took too long',
    'The command hangs on the device; it was ended.',
  ),
  MODULE_OUTPUT_INVALID: entry(
    'A module of the repository did not print what it promises',
    '`observe` prints one JSON object and nothing else: see its evidence, and try it with `till module test`.',
  ),
  CHECK_UNMET: entry(
    'A check did not hold',
    'A check changes nothing: mend on the device what it found, or let a step before it do so.',
  ),
  ASSERT_FALSE: entry('An assertion is false', 'See the message of the assertion.'),
  STATE_IMPOSSIBLE: entry(
    'The device rules out the desired state',
    'No change can bring it about: change what rules it out, or the step.',
  ),
  WRITE_FILTER_ACTIVE: entry(
    'A write filter would take the change back at the next start',
    'Put UWF into servicing mode, or switch EWF or FBWF off, for as long as the change takes; or exclude the place from it.',
  ),
  CONVERGE_FAILED: entry('The change could not be made', 'See the message of the device.'),
  CONVERGE_TIMEOUT: entry('The change took too long', 'It was ended; look at the device.'),
  CONVERGE_LOST: entry(
    'Contact was lost while a change was under way',
    'Resume it (`till resume`): it looks first, and does what is still missing. What cannot be seen is for you to look at.',
  ),
  NOT_CONVERGED: entry(
    'The change was made without error, but the device is still not as it should be',
    'Something undoes it, or the step describes a state that cannot be.',
  ),
  VALIDATOR_REFUSED: entry('The validator refused the new file; the old one is untouched', 'Mend the content.'),
  CHECKSUM_MISMATCH: entry(
    'A file does not have the checksum that the runbook names',
    'The file or the runbook is wrong; nothing was installed.',
  ),
  LINK_METERED: entry(
    'A file is too large for the metered line of the store',
    'Allow it (`content: {metered: allow}` of tillwright.yaml), take `metered` off the link while the line is free, or bring the file to one device of the store (`content: {share: true}`).',
  ),
  EXPRESSION_FAILED: entry(
    'An expression could not be evaluated for this device',
    'Check that the values it names exist for every device.',
  ),
  PARAMS_INVALID: entry(
    'After its values were filled in, a step is not valid for this device',
    'Check the values of the device: `till inventory show DEVICE`.',
  ),
} as const satisfies Entries

/** About the run rather than about the device. */
const RUN = {
  LEASE_HELD: entry('Another run is working on the device', 'Wait for it, or see `till runs list`.'),
  WORKER_GONE: entry(
    'No worker that serves the device is there any more',
    'Start one with `till worker`, then carry the run on with `till resume`.',
  ),
  WORKER_FAILED: entry(
    'Workers took the device and could not work on it',
    'Mend the worker that is named, then carry the run on with `till resume`, or run it again.',
  ),
  LEASE_LOST: entry(
    'Another run took the device over, since this one had not been heard of for too long',
    'Look at the other run with `till runs list`; then run it again. After a restore of the state store: `till state accept-restore`.',
  ),
  DEVICE_BUSY: entry(
    'A change of another run is going on on the device',
    'Wait until it is over, then run it again. It may come from another controller: ask your colleagues.',
  ),
  PLAN_MOVED: entry(
    'The device is no longer as it was when the plan was made',
    'Plan again and have the new plan reviewed.',
  ),
  RUN_CANCELLED: entry(
    'The run was stopped before this device was done',
    'Run it again; it does what is still missing.',
  ),
  RUN_NOT_KEPT: entry(
    'What the run was made from is not there any more',
    'Apply the runbook again: what is done is in sync.',
  ),
  RUN_NOTHING_LEFT: entry('The run has nothing left to do', 'See `till runs show` for what it came to.'),
  RUN_NOT_PAUSABLE: entry(
    'The run cannot be paused',
    'Only an apply or a command in progress can; see `till runs list`.',
  ),
  RUN_IN_PROGRESS: entry('Another process works on the run', 'Wait for its end, or stop it where it runs.'),
  RUN_NOT_REVERSIBLE: entry(
    'What the run changed cannot be taken back by its runbook',
    'Bring the devices back by another runbook, or by the commit that it was made from.',
  ),
  RUN_MOVED: entry(
    'The device is no longer what it was when the run began',
    'Apply the runbook anew to it; it is planned by what the repository says now. Where a worker said so, bring its repository to the revision of the run first.',
  ),
  RUN_LOST: entry(
    'The run ended before this device did',
    'Run it again, or go on with an apply by `till resume`; either does what is still missing.',
  ),
  RUN_LOST_CONVERGING: entry(
    'The run ended while a change was under way',
    'Resume it (`till resume`): it looks first, and does what is still missing. What cannot be seen is for you to look at.',
  ),
  SSH_CLIENT_FAULT: entry(
    'The SSH code of this machine failed, not the device',
    'Report it with the output of the run. Until it is mended, use a Node.js that `till doctor` knows, or `type: openssh`.',
  ),
  CONTROLLER_OVERLOADED: entry(
    'Nothing came in time, and this machine is overloaded',
    'Nothing is known against the device. Run it again when the machine has time, or with a smaller `run.handshakes`.',
  ),
  CONTROLLER_EXHAUSTED: entry(
    'This machine had no file, memory or process left for it',
    'Nothing is known against the device. Run it again with more of what was wanting (`ulimit -a`, LimitNOFILE= and TasksMax= of a unit of systemd), or with a smaller `run.parallel`.',
  ),
  SSH_SHORT_WAY_CLOSED: entry(
    'A quicker way of speaking SSH does not work on this machine',
    'Nothing is lost but time. Report it with the output of the run; see `till doctor` for the versions of Node.js that are known.',
  ),
  INTERNAL_BUG: entry('A fault of Tillwright itself', 'Report it with the output of the run.'),
} as const satisfies Entries

/** A revision of the repository that is not put in force; the last good one stays. */
const REVISION = {
  REVISION_UNTRUSTED: entry(
    'A commit is not signed as the policy wants it',
    'Look at the commits that are named; have them signed by those who may, or revert them on the server. `till gitops status` lists them.',
  ),
  REVISION_REWRITTEN: entry(
    'The branch was rewritten, or set back to an older commit',
    'Restore the branch, or, if it is meant so: `till gitops trust COMMIT --reason TEXT`.',
  ),
  REVISION_INCOMPLETE: entry(
    'What the remote sent is damaged, or history is missing in it',
    'Follow a whole repository, no shallow clone; `git fsck` there finds damage.',
  ),
  REVISION_BROKEN: entry(
    'The commit is signed as it should be, and cannot be used',
    'Mend what is named and commit again; `till validate` finds it before a push.',
  ),
  REVISION_UNDECIDED: entry(
    'This machine did not come to an answer about what the remote has',
    'The next pull asks anew, and devices are kept to the revision in force meanwhile. Where it stays so, see what keeps this machine from it ' +
      '(memory, disk, limits of processes), or what is odd about the signature of the commit.',
  ),
  REVISION_UNREACHABLE: entry(
    'The remote repository did not answer, or has not the branch that is followed',
    'Check the address, the login, the line and the name of the branch. Devices are kept to the last good revision meanwhile.',
  ),
  REVISION_OVERTAKEN: entry(
    'Another controller of the same state has a newer revision in force, or one that somebody ordered',
    'Devices are kept to that one there, and not reconciled here; repairs of `till serve` go by what it has here. See by `till gitops status` what keeps this controller from it; ' +
      'what a person ordered is ordered here, too: `till gitops trust COMMIT --reason TEXT`.',
  ),
} as const satisfies Entries

/** The catalogue by area, in the order of the documentation. */
export const ERROR_AREAS = { input: INPUT, revision: REVISION, way: WAY, step: STEP, safety: SAFETY, run: RUN } as const
export type ErrorArea = keyof typeof ERROR_AREAS

/** Every code that Tillwright emits. Codes are stable: they are added, never renamed. */
export const ERROR_CATALOG = { ...INPUT, ...REVISION, ...WAY, ...STEP, ...SAFETY, ...RUN } as const

export type ErrorCode = keyof typeof ERROR_CATALOG
