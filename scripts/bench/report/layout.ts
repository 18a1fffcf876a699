/** A column of a table: one value of a figure. */
export interface Column {
  readonly value: string
  readonly title: string
  readonly digits: number
}

/** How the figures of a section are shown. */
export interface Layout {
  readonly section: string
  readonly title: string
  /** One table for each of these. */
  readonly whats: Readonly<Record<string, string>>
  readonly columns: readonly Column[]
}

const cpuDevice = { value: 'cpu_device_ms', title: 'client CPU a device, ms', digits: 2 }
const cpu = { value: 'cpu_ms', title: 'CPU, ms', digits: 0 }
const wall = { value: 'wall_ms', title: 'wall time, ms', digits: 0 }
const memory = { value: 'memory_mb', title: 'peak memory, MB', digits: 0 }
const processes = { value: 'processes', title: 'processes', digits: 0 }

export const LAYOUTS: readonly Layout[] = [
  {
    section: 'fleet',
    title: 'A fleet on loopback, OpenSSH server',
    whats: { true: 'Connect, log in, run `true`', look: 'Ten steps, all in their desired state' },
    columns: [cpuDevice, wall, memory, processes],
  },
  {
    section: 'line',
    title: 'One device over a line with 100 ms of round trip',
    whats: {
      'true openssh': 'First answer, OpenSSH server',
      'desired openssh': 'Ten steps in their desired state, OpenSSH server',
      'drifted openssh': 'Ten steps, each of which is different, OpenSSH server',
      'true dropbear': 'First answer, dropbear',
      'desired dropbear': 'Ten steps in their desired state, dropbear',
      'drifted dropbear': 'Ten steps, each of which is different, dropbear',
    },
    columns: [
      { value: 'wire_ms', title: 'from SYN to the last answer, ms', digits: 0 },
      { value: 'trips', title: 'round trips', digits: 1 },
      { value: 'connections', title: 'connections', digits: 0 },
      wall,
    ],
  },
  {
    section: 'faulty',
    title: 'Devices of which 3 % refuse, 1 % are black holes, 1 % tarpits',
    whats: { healthy: 'The healthy ones alone', faulty: 'All of them' },
    columns: [
      wall,
      cpuDevice,
      { value: 'healthy_done', title: 'healthy done', digits: 0 },
      { value: 'faulty_named', title: 'faulty named', digits: 0 },
      memory,
    ],
  },
  {
    section: 'printers',
    title: 'Printers of the sandbox',
    whats: {
      store: 'A store on a line of 150 ms',
      many: 'All at once',
      dead: 'A hundred, half of which are out of reach',
    },
    columns: [wall, cpu, cpuDevice, memory],
  },
  {
    section: 'inventory',
    title: 'Loading an inventory of 17,500 devices',
    whats: {
      cold: 'Cold',
      warm: 'Warm',
      device: 'Warm, a question about one device: `till why`',
      changed: 'After one of eight files changed',
    },
    columns: [cpu, wall, memory],
  },
  {
    section: 'start-up',
    title: 'Starting up',
    whats: {
      version: '`till --version`',
      help: '`till --help`',
      list: '`till inventory list --limit 1`, one store',
      why: '`till why` of one device, one store',
    },
    columns: [cpu, wall],
  },
  {
    section: 'cores',
    title: 'Against a light server, so that the client is the limit',
    whats: { true: 'Connect, log in, run `true`' },
    columns: [
      { value: 'devices_s', title: 'devices a second', digits: 0 },
      { value: 'cores', title: 'cores of the client', digits: 2 },
      { value: 'busy_percent', title: 'of all cores, client and server, %', digits: 0 },
      cpuDevice,
      memory,
    ],
  },
  {
    section: 'winrm',
    title: 'Windows tills over WinRM',
    whats: {
      'hostname ntlm': 'Log in by NTLM over HTTP, run `hostname`',
      'look ntlm': 'Ten steps, all in their desired state, by NTLM over HTTP',
      'hostname https': 'Log in by Basic over HTTPS, run `hostname`',
      'look https': 'Ten steps, all in their desired state, by Basic over HTTPS',
    },
    columns: [
      cpuDevice,
      { value: 'trips', title: 'HTTP round trips a device', digits: 2 },
      { value: 'result_trips', title: 'without deleting the shell', digits: 2 },
      { value: 'shells_left', title: 'shells left', digits: 0 },
      wall,
      memory,
    ],
  },
  {
    section: 'profile',
    title: 'Where the time goes',
    whats: { true: 'A profile of all threads over `till exec -- true` against the light server' },
    columns: [
      { value: 'percent', title: '%', digits: 1 },
      { value: 'part_ms', title: 'CPU a device, ms', digits: 2 },
    ],
  },
  {
    section: 'in-flight',
    title: 'Connections held open at once',
    whats: { hold: 'A command that waits' },
    columns: [memory, { value: 'held', title: 'held', digits: 0 }, wall, cpuDevice],
  },
  {
    section: 'results',
    title: 'Results written as JSON, 1 KB of answer for each device',
    whats: { json: '`till exec --json`' },
    columns: [memory, { value: 'json_mb', title: 'JSON, MB', digits: 1 }, wall, cpuDevice],
  },
]

/** Names of what is measured but is no tool. */
export const REFERENCES: Readonly<Record<string, string>> = {
  own: "Tillwright's own code, with what is bundled into it",
  cryptography: 'cryptography (Node.js, OpenSSL)',
  ssh2: 'ssh2',
  store: 'the journal (SQLite)',
  sockets: 'sockets and streams',
  loading: 'starting: loading modules',
  garbage: 'garbage collection',
  rest: 'the rest: events, buffers, timers, the engine itself',
  yaml: 'yaml (npm), parsing alone',
  'js-yaml': 'js-yaml (npm), parsing alone',
  json: 'JSON.parse, parsing alone',
  pyyaml: "PyYAML's C loader, parsing alone",
}
