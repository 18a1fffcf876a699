import type { ErrorCode } from './error-catalog.ts'

/** Why a code usually comes up: what people found when they looked. One to three sentences each. */
export const ERROR_CAUSES: Readonly<Partial<Record<ErrorCode, string>>> = {
  YAML_SYNTAX_INVALID:
    'Most often a tab in the indentation, a colon in text without quotes, or a quote that is never closed; the fault may lie a line above the place that is shown.',
  YAML_KEY_DUPLICATE:
    'A block was copied and its name left as it was. YAML would silently take the last one, so it is refused.',
  YAML_LIMIT_EXCEEDED:
    'A generated file that grew without bounds, or aliases of aliases that unfold to millions of values.',
  FILE_IS_POINTER:
    'The machine that cloned the repository has no git-lfs, or GIT_LFS_SKIP_SMUDGE was set; a followed repository is read without it.',
  FILE_UNREADABLE: 'A slip in the name, a relative path from another folder, or a file of another user.',
  FILE_UNWRITABLE: 'The folder does not exist or belongs to another user, or the disk is full.',
  SCHEMA_KEY_UNKNOWN:
    'A slip of the finger, or a key that stands one level too deep or too high. Keys that nobody reads are refused, since a setting that does nothing is worse than none.',
  SCHEMA_KEY_MISSING: 'The entry was begun and not finished, or the key stands under another one by its indentation.',
  SCHEMA_VALUE_INVALID:
    'A number without its unit, yes in quotes, a single value where a list belongs; or YAML took text for a number or a date: quotes keep it text.',
  INV_EMPTY: 'A new repository, or `inventory` in tillwright.yaml names another folder than the one with the files.',
  INV_STORE_DUPLICATE: 'A store moved to another file and stayed in the old one, too.',
  INV_DEVICE_DUPLICATE: 'Two rows of a list that was imported name the same device of a store.',
  INV_NAME_DUPLICATE: 'Two files describe the same profile or region: each may stand in one file only.',
  INV_ADDRESS_DUPLICATE:
    'An entry was copied and its address left as it was, or a device was replaced and the old one is still listed.',
  INV_PROFILE_UNKNOWN:
    'A slip in the name of the profile, or the file with the profiles is not in the inventory folder.',
  INV_REFERENCE_UNKNOWN: 'A slip in the name, or what it names was renamed or removed.',
  INV_HOURS_IMPOSSIBLE: 'Spans that overlap, a date that the calendar does not have, or an hour beyond 24:00.',
  INV_TIME_ZONE_UNKNOWN: 'An abbreviation such as CET or a Windows name in place of the IANA name.',
  INV_VIA_CYCLE: 'A gateway has a `via` of its own that leads back to it, often by a default of its region.',
  HOOK_INVALID: 'A slip in the name of a source, or a rule was copied and its name left as it was.',
  HOOK_PAYLOAD_INVALID:
    'The payload is of another source, or of another version of it; or a template of the monitoring system was changed.',
  HOOK_EPISODE_UNKNOWN: 'A slip in its id, or it was closed so long ago that it was forgotten.',
  RESPONSIBILITY_INVALID:
    'A rule or runbook has a new fault class and the matrix no row for it, or a device has a contract that is not written.',
  INCIDENT_UNKNOWN:
    'A slip in its id, it was closed so long ago that it was forgotten, or it is not for the eyes of the partner.',
  INCIDENT_REFUSED: 'Its cause was not said, steps of it are left, it still fires, or it is closed already.',
  MONITORING_REFUSED:
    'A token that has ended or may not do this, a slip in the address, or a version of the system that is not known here.',
  AVAILABILITY_INVALID:
    'A time of no length, a maintenance or a pause that ends before it begins, or hours that are none.',
  SERVER_INVALID:
    'A secret that cannot be read here or is shorter than 16 characters, two senders with one token, a file for TLS that is not there, or sign-in by ' +
    'OpenID Connect without server.public_url.',
  OIDC_PROVIDER_UNUSABLE:
    'The provider is away, its certificate is of an authority that Node.js does not know (NODE_EXTRA_CA_CERTS), the secret of the client has ended, or the ' +
    'redirect URI there is not PUBLIC_URL/sign-in/callback.',
  SINK_FULL:
    'The broker or the address was away for days, refuses the login, or nothing has sent since (no run, no `till serve`).',
  WORKERS_NEED_DATABASE:
    'The state lies in its file, as it does unless tillwright.yaml or TILL_STATE names a database.',
  WORKER_NONE: 'No worker is there, those that are serve another region or kind, or they are being stopped.',
  WORKER_GONE:
    'The machine of the worker is off, its line to PostgreSQL is cut, or tillwright.yaml does not let it work.',
  WORKER_FAILED:
    'The disk of the worker is full or read-only, it is of another release, or it lacks files of the repository.',
  WORKER_REFUSED:
    'The worker was removed from the file, started with another name or token, or with a `--serve` that is not its own.',
  WORKER_NAME_TAKEN: 'Its service was started twice, or two machines have the same name.',
  SECRET_NOT_HANDED: 'A secret was given as `--param`.',
  SINK_UNSUPPORTED: 'An older release, and a state in PostgreSQL.',
  SINK_LIBRARY_MISSING: 'Kafka is spoken by node-rdkafka, which has native parts and is left to those who need it.',
  SINK_UNKNOWN: 'A slip in its name, or it was taken out of tillwright.yaml.',
  SOURCE_INVALID:
    'A source that comes from nowhere or from several places, or that does not say of which device an event is.',
  SOURCE_UNKNOWN: 'A slip in its name, or it was taken out of tillwright.yaml.',
  SOURCE_LIBRARY_MISSING: 'Kafka is spoken by node-rdkafka, which has native parts and is left to those who need it.',
  SERVER_RUNNING: 'Its service was started already, or one of before has not ended yet.',
  MONITORING_UNREACHABLE:
    'A slip in the address, a firewall between, or a trapper that does not take values from this machine.',
  DEVICE_LIST_UNUSABLE:
    'The API is away, wants another token, answers with a page for people, or a page of it is old or lacks what its others count, as where it changes while it is read.',
  SERVER_ADDRESS_UNUSABLE:
    'Another program listens there, the address is not one of this machine, or the port is below 1024 and this account may not have it.',
  POLICY_UNKNOWN: 'A slip in the name, or the policy stands in another repository.',
  POLICY_INVALID: 'A window that never opens, a share above 100%, or dates the wrong way round.',
  CALENDAR_INVALID:
    'It was cut short, or names a time zone by a name that only one program knows, such as those of Windows.',
  INV_IMPORT_INVALID:
    'The file is of another format than its name says, or is not an inventory but a playbook or a file of variables.',
  INV_IMPORT_PARTIAL:
    'The other tool knows things that are said otherwise here or not at all: passwords in plain text, plugins of its own, values that are computed while it runs.',
  RUNBOOK_UNKNOWN: 'A slip in the name, or the file lies outside the folder that `runbooks` of tillwright.yaml names.',
  RUNBOOK_MODULE_UNKNOWN:
    'A slip in the name of the module, its parameters one level too high, or two modules in one step.',
  RUNBOOK_STEP_DUPLICATE: 'A step was copied and its id left as it was.',
  RUNBOOK_STEP_UNKNOWN: 'The step was renamed or stands further below: a step sees only those before it.',
  RUNBOOK_PARAM_INVALID: 'A slip in --param NAME=VALUE, or a parameter that the runbook requires was not given.',
  RUNBOOK_REACTION_INVALID: '`restart_on` means something only to modules that restart or run something.',
  MODULE_NAME_TAKEN:
    'It is the name of a module of Tillwright, a word of the language of runbooks, or another file has it.',
  MODULE_UNKNOWN: 'A slip in the name, or its file lies outside of the folder of modules.',
  MODULE_CASES_MISSING: 'The module was written and never tried, or its cases are named after something else.',
  VALUE_MISSING: 'A slip in the name, or a variable that only some profiles, regions or stores set.',
  EXPRESSION_INVALID:
    'A name that is not in scope (there are store, device, vars, params, steps), = in place of ==, or text without quotes.',
  PROJECT_UNKNOWN: 'The command runs outside of the repository, as in a job of a pipeline that did not check it out.',
  PLACEHOLDER_FOREIGN:
    'Brought along from Ansible or another tool that fills in `{{ name }}` by Jinja; here a dollar sign stands before the braces, and CEL in them. Or one brace, where an expression has two.',
  SELECTOR_EMPTY:
    'The conditions exclude each other, or `targets` of the runbook already leaves out what was selected.',
  WORK_TREE_DIFFERS:
    'A sparse checkout, or attributes of git (.gitattributes, core.autocrlf, Git LFS) that change files on their way to the disk.',
  PLAN_INVALID: 'The file was cut short while it was copied, was edited, or is a result and not a plan.',
  PLAN_STALE:
    'Somebody merged a change of the runbook, of the device or of a file that it gets between plan and apply: what was reviewed is no longer what would be done.',
  GITOPS_MISSING: 'The command runs as another user, or with another --folder, than the one that was set up.',
  GITOPS_INVALID:
    'The file was moved, belongs to another user, or has a time without Z, which would mean another moment on each machine.',
  GITOPS_BUSY: 'A reconcile of a timer is at work while somebody looks by hand.',
  GITOPS_TOOL_MISSING:
    'A minimal image: ssh-keygen is in the package openssh-client. Or an old system: Ubuntu 22.04 comes with git 2.34.',
  GITOPS_TOOL_BROKEN: 'The machine was out of memory, and the kernel ended ssh-keygen or gpg.',
  GITOPS_MIRROR_BROKEN: 'The disk was full or failed, or somebody changed files in it.',
  REVISION_UNTRUSTED:
    'Somebody pushed without `commit.gpgsign`; rebase, cherry-pick, amend and revert drop signatures unless it is set. Or a key has expired or was revoked, or somebody signed for paths of others.',
  REVISION_REWRITTEN:
    'A force push, a branch that was deleted and made anew, or a server that was restored from a backup.',
  REVISION_INCOMPLETE:
    'The remote is a shallow clone, its disk is damaged, or something on the way cut the answer short.',
  REVISION_BROKEN: 'It was merged without the pipeline that validates it.',
  REVISION_UNDECIDED:
    'The machine was out of memory, and the kernel ended git, ssh-keygen, gpg or openssl; its disk is full; or its copy of the repository is damaged.',
  REVISION_OVERTAKEN:
    'The remote does not answer here, the lists of signers or of revoked keys are older here, or a rollback was ordered on one of several machines.',
  REVISION_UNREACHABLE:
    'The server is down, the key or token was withdrawn, its host key is not in known_hosts, or the branch was renamed.',
  PLAN_EXPIRED: 'It waited for its review, or the artifact of an old pipeline was taken.',
  AUDIT_UNSIGNED:
    'The key is not on the list of signers, or rows were cut off by an earlier release, by a machine without the key, or by somebody who wanted them gone.',
  PLAN_UNTRUSTED: 'The file was changed after it was signed, or was planned by hand and not by the pipeline.',
  USAGE_INVALID: 'A slip in a flag, a missing argument, or two flags that exclude each other.',
  RUN_UNKNOWN:
    'A slip in the id, a run of another repository or of the sandbox, or one that the history has forgotten.',
  RUN_NOT_KEPT:
    'It was begun by an older version, only looked, was typed (`till exec`), has a parameter that is a secret, or is long past.',
  RUN_NOT_REVERSIBLE:
    'It has changed nothing, only looked, is in progress, its steps have no `rollback`, the runbook is another by now, or another run has taken it back, or is to.',
  RUN_NOTHING_LEFT: 'It came to its end, or somebody has resumed it already.',
  RUN_NOT_PAUSABLE:
    'It came to its end while somebody was typing, only looks, or takes changes back: those of another run, or a wave that failed.',
  RUN_IN_PROGRESS:
    'Its process still lives, here or on another machine, somebody else has just resumed it, or another run takes it back.',
  RUN_MOVED:
    'The inventory, or a file of the repository, was changed between the beginning of the run and its resume; or a worker has another revision checked out.',
  SECRET_UNREADABLE:
    'The variable is not set in this shell, service or job, the file is not readable for this user, or the command that prints the secret fails here.',
  SECRET_COMMAND_FAILED:
    'The program is not logged in here, asks for something, or the name of the secret has a slip in it.',
  SECRET_SEALED: 'The key that opens it is not on this machine, or it was sealed for others.',
  SECRET_SHORT: 'A test value, or a variable that holds something else than the secret.',
  SANDBOX_UNAVAILABLE: 'No Linux, user namespaces are switched off, or a container does not allow for them.',
  SANDBOX_RUNNING: 'It was started with --detach, or in another terminal.',
  SANDBOX_MISSING: 'It was ended, or this machine was restarted since.',
  STATE_FOREIGN:
    'A pipeline has a folder of its own that is thrown away, or somebody works in a clone of the repository with a state file of its own.',
  STATE_IN_USE: 'Something was started again before `till state accept-restore` was said.',
  STATE_NOT_ADOPTED:
    'The repository names another store, in which devices may be out or runs in progress that this one knows nothing of.',
  STATE_UNUSABLE:
    'The folder belongs to another user (was it made by root?), the disk is full (here, or that of PostgreSQL), the file lies on a network share that cannot lock, or PostgreSQL refuses or cannot be reached.',
  RESOLVE_FAILED: 'A slip in the host name, or the name server of the VPN is not asked from this machine.',
  TRANSPORT_UNSUPPORTED: 'The inventory names a way to the device that is not for it, or not of this version.',
  OPENSSH_UNUSABLE:
    'There is no openssh-client here, an option of ssh_config is not known to it, or a password is given.',
  TRANSPORT_NONE:
    'The profile has `transport.type: none`, as for printers, and the runbook has a step for devices with a shell.',
  CONNECT_REFUSED: 'The service is stopped or listens on another port, or a firewall refuses instead of dropping.',
  CONNECT_TIMEOUT: 'The device or the line of its store is down, or a firewall drops packets.',
  CONNECT_UNREACHABLE: 'The VPN is down, or the routing table of this machine has no way there.',
  CONNECT_RESET: 'The server sheds load, or something on the way (a firewall, fail2ban) cuts the connection.',
  CONNECT_VIA_FAILED: 'The gateway itself is down, refuses the login, or may not forward (AllowTcpForwarding).',
  IDENTIFY_TIMEOUT:
    'A machine that swaps or has a dying disk still accepts connections; so does a black hole of a proxy.',
  IDENTIFY_PROTOCOL_INVALID: 'The port is that of another service, or a proxy answers with a web page.',
  IDENTIFY_ALGORITHM_NONE: 'An SSH server of ten years ago that only knows what is broken by now.',
  HOST_KEY_UNKNOWN: 'The device is new, or known_hosts of the repository was not updated with the inventory.',
  HOST_KEY_MISMATCH:
    'The device was replaced or reinstalled; an address was given to another machine; rarely, an attack.',
  CERTIFICATE_UNTRUSTED: 'The certificate is self-signed, as Windows makes it, or its authority is a private one.',
  CERTIFICATE_MISMATCH: 'The certificate was renewed, or the machine was replaced.',
  CERTIFICATE_INVALID: 'Nobody renewed it, the clock of one side is wrong, or it was made for another host name.',
  AUTHENTICATE_REFUSED: 'The key is not in authorized_keys there, the password was changed, or the account is locked.',
  CREDENTIAL_STOPPED: 'The password was changed on the devices or in the directory, but not where till reads it.',
  AUTHENTICATE_PROMPT_UNANSWERED: 'A second factor, or a question of a banner that wants an answer.',
  PASSWORD_EXPIRED: 'A rule of the device (chage, PAM) gives passwords an age.',
  AUTHENTICATE_CLOSED:
    'The account has expired, PAM or the directory lets it in nowhere or not now (nologin while the system starts), or the server crashed.',
  AUTHENTICATE_TIMEOUT: 'The device asks a directory that does not answer, or is overloaded.',
  AUTHENTICATE_SCHEME_NONE: 'WinRM offers only what its configuration allows; Basic is off by default.',
  KERBEROS_UNAVAILABLE: 'The optional package is not installed, or there is no ticket (it may have run out).',
  PLAINTEXT_REFUSED: 'AllowUnencrypted is false on the device, as it should be.',
  SEAL_INVALID: 'A proxy that rewrites, or a load balancer that sends one session to two machines.',
  ACCESS_DENIED: 'A local account that is not Administrator: over the network Windows takes its rights away.',
  AUTHENTICATE_KEY_INVALID:
    'The file is a public key, is encrypted with another passphrase, or is of a kind that is not supported.',
  OPEN_TIMEOUT: 'A login script that waits for something, or a machine without memory.',
  OPEN_REFUSED: 'MaxSessions is reached, the account has /sbin/nologin, or its disk is full.',
  SERVICE_UNAVAILABLE: 'The service restarts, or has as many connections as it may.',
  QUOTA_SHELLS_EXCEEDED: 'Another tool leaves shells behind on the device.',
  QUOTA_OPERATIONS_EXCEEDED: 'Monitoring and another tool work with the same account at the same time.',
  QUOTA_USERS_EXCEEDED: 'Many tools, each with an account of its own.',
  QUOTA_LOAD_EXCEEDED: 'Something asks the device far too often.',
  ENVELOPE_TOO_LARGE: 'The limit on the device was lowered, or is that of an old Windows.',
  SHELL_GONE: 'A restart of the machine or of its service in the middle of the run.',
  INPUT_REFUSED: 'The program ended or hangs before it has read what was sent to it.',
  WINRM_FAULT: 'A part of Windows that WinRM needs is missing or broken on the device.',
  SHELL_BLOCKED: 'A rule against scripts that unpack others, or one that was made for another product.',
  SHELL_MISSING: 'The device is no Windows, or the PATH of the account lacks the folder of Windows PowerShell.',
  SHELL_UNUSABLE: 'The account has a menu, a forced command or a restricted shell instead of `sh`.',
  BECOME_REFUSED: 'sudo wants a password that is not given, or sudoers does not name the account.',
  SESSION_LOST: 'A line that drops out, a router that forgets idle connections, or the device was restarted.',
  SESSION_GARBLED: 'A profile script or a banner that prints into every shell, or a device that is out of memory.',
  OUTPUT_FLOODED: 'A command that prints without end, or a log file that is read whole.',
  MODULE_SYSTEM_UNSUPPORTED: 'The runbook targets devices of all systems, but the step is made for one.',
  TOOL_MISSING: 'A minimal image, or a program that has another name on this distribution.',
  OBSERVE_FAILED: 'Missing rights (is `become` needed?), or what is looked at is broken on the device.',
  OBSERVE_TIMEOUT: 'A dead network share, a lock that is held, or a disk that is failing.',
  MODULE_OUTPUT_INVALID:
    'A command in the script prints something of its own beside the JSON, or a value was not quoted for JSON.',
  CHECK_UNMET: 'The device really is not as it should be, and the step only looks.',
  ASSERT_FALSE: 'What the runbook expects of the device does not hold.',
  STATE_IMPOSSIBLE: 'A unit that was masked on purpose, one that only others start, or one that runs to its end.',
  WRITE_FILTER_ACTIVE:
    'Tills with Windows IoT or POSReady whose disk is protected, so that each start gives the same system.',
  CONVERGE_FAILED:
    'Missing rights, a full disk, a package that is not to be had, a service that does not start with its configuration.',
  CONVERGE_TIMEOUT:
    'A package manager that waits for a lock or asks a question, a slow line, or a `timeout` that is too short.',
  CONVERGE_LOST: 'The line dropped out, or the change itself took the network away.',
  NOT_CONVERGED: 'Something else manages the same file or service and sets it back, or it starts and dies at once.',
  VALIDATOR_REFUSED: 'A mistake in the template, or a version of the program that does not know a setting.',
  CHECKSUM_MISMATCH: 'The file was cut short while it was copied, or is another version than the runbook names.',
  LINK_METERED:
    'The inventory says that what goes over the line is paid for, and no other device of the store had the file to give.',
  EXPRESSION_FAILED: 'A variable that only some stores have, a list that is shorter there, or a step that was skipped.',
  PARAMS_INVALID: 'A variable holds another type than the step takes: text in place of a number, or null.',
  LEASE_LOST:
    'This machine slept, was stopped, or lost its way to the state store; or the store was restored from a backup, and devices know of later leases.',
  DEVICE_BUSY: 'A controller that does not share this state store is changing the device.',
  LEASE_HELD: 'A run of a colleague, of a pipeline or of a schedule is not over yet.',
  PLAN_MOVED: 'Somebody or something changed the device between the plan and the apply.',
  RUN_CANCELLED: 'Ctrl-C, a signal of the pipeline, or a state store that could not be written to any more.',
  RUN_LOST: 'The process was killed, ran out of memory, or the machine was switched off.',
  RUN_LOST_CONVERGING: 'The process was killed, ran out of memory, or the machine was switched off.',
  SSH_CLIENT_FAULT:
    'A Node.js that is newer than this Tillwright and does something differently; or a device sends what the SSH code does not expect.',
  CONTROLLER_OVERLOADED: 'Other programs of the machine that Tillwright runs on take its processors.',
  CONTROLLER_EXHAUSTED:
    'The limits of the shell, the unit or the container that Tillwright runs in are narrow, or other programs have taken what there is.',
  SSH_SHORT_WAY_CLOSED: 'A Node.js that is newer than this Tillwright and does something differently.',
  INTERNAL_BUG: 'A case that we did not think of.',
}
