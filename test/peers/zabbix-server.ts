import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isThere } from './debian.ts'
import { freePort } from './free-port.ts'

const POSTGRES = '/usr/lib/postgresql/15/bin'
const SCHEMA = '/usr/share/zabbix-server-pgsql'
const FRONTEND = '/usr/share/zabbix'

export const hasZabbix = isThere({
  what: 'tests with a Zabbix server',
  debian:
    'postgresql zabbix-server-pgsql zabbix-frontend-php php-cli php-pgsql php-xml php-bcmath php-gd php-mbstring fping',
  isHere:
    existsSync(`${POSTGRES}/initdb`) &&
    existsSync(`${SCHEMA}/schema.sql.gz`) &&
    existsSync(`${FRONTEND}/api_jsonrpc.php`) &&
    spawnSync('php', ['-r', 'exit(extension_loaded("pgsql") && extension_loaded("bcmath") ? 0 : 1);']).status === 0 &&
    process.getuid?.() === 0,
})

/** A Zabbix server of Debian with its database and its API, on this machine alone. */
export class ZabbixServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'till-zabbix-'))
  readonly #children: ChildProcess[] = []
  #token = ''
  trapper = 0
  api = ''

  async start(): Promise<void> {
    const [database, trapper, web] = [await freePort(), await freePort(), await freePort()]
    this.trapper = trapper
    this.#startDatabase(database)
    this.#startServer(database, trapper)
    this.#startApi(database, web)
    await answers(trapper)
    await answers(web)
    this.api = `http://127.0.0.1:${web}/api_jsonrpc.php`
    this.#token = (await this.call('user.login', { username: 'Admin', password: 'zabbix' })) as string
  }

  get token(): string {
    return this.#token
  }

  /** One call of its API; throws what it refuses. */
  async call(method: string, params: object): Promise<unknown> {
    const auth = this.#token === '' ? {} : { auth: this.#token }
    const body = JSON.stringify({ jsonrpc: '2.0', method, params, id: 1, ...auth })
    const headers = { 'content-type': 'application/json-rpc' }
    const answer = (await (await fetch(this.api, { method: 'POST', headers, body })).json()) as Record<string, unknown>
    if (answer['error'] !== undefined) throw new Error(`${method}: ${JSON.stringify(answer['error'])}`)
    return answer['result']
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGTERM')) await gone
    }
    this.#asPostgres([`${POSTGRES}/pg_ctl`, '-D', this.#at('pg'), '-m', 'immediate', '-w', 'stop'])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #at(name: string): string {
    return join(this.#folder, name)
  }

  #asPostgres(command: readonly string[]): void {
    const args = ['--reuid=postgres', '--regid=postgres', '--clear-groups', 'env', 'HOME=/', ...command]
    execFileSync('setpriv', args, { stdio: 'ignore', cwd: '/' })
  }

  #startDatabase(port: number): void {
    chmodSync(this.#folder, 0o755)
    mkdirSync(this.#at('pg'), { mode: 0o700 })
    const { uid, gid } = idsOf('postgres')
    chownSync(this.#at('pg'), uid, gid)
    const data = this.#at('pg')
    this.#asPostgres([
      `${POSTGRES}/initdb`,
      '-D',
      data,
      '-U',
      'zabbix',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '-N',
    ])
    const quick = '-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c unix_socket_directories='
    const options = `-c listen_addresses=127.0.0.1 -p ${port} ${quick}`
    this.#asPostgres([`${POSTGRES}/pg_ctl`, '-D', data, '-l', `${data}/log`, '-o', options, '-w', 'start'])
    const psql = `psql -q -h 127.0.0.1 -p ${port} -U zabbix`
    execFileSync('sh', ['-c', `${psql} -d postgres -c 'create database zabbix'`])
    const files = ['schema', 'images', 'data'].map((name) => `${SCHEMA}/${name}.sql.gz`).join(' ')
    execFileSync('sh', ['-c', `zcat ${files} | ${psql} -d zabbix`], { stdio: 'ignore' })
  }

  #startServer(database: number, port: number): void {
    mkdirSync(this.#at('run'))
    const settings = {
      ListenIP: '127.0.0.1',
      ListenPort: port,
      LogType: 'file',
      LogFile: this.#at('server.log'),
      PidFile: this.#at('run/server.pid'),
      SocketDir: this.#at('run'),
      DBHost: '127.0.0.1',
      DBPort: database,
      DBName: 'zabbix',
      DBUser: 'zabbix',
      AllowRoot: 1,
      CacheUpdateFrequency: 1,
      StartPollers: 1,
      StartPollersUnreachable: 1,
      StartPingers: 1,
      StartTrappers: 2,
      StartDiscoverers: 1,
      StartHTTPPollers: 1,
      StartPreprocessors: 1,
      StartDBSyncers: 1,
      StartLLDProcessors: 1,
      StartAlerters: 1,
      FpingLocation: '/usr/bin/fping',
      AlertScriptsPath: this.#folder,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    writeFileSync(this.#at('server.conf'), `${lines.join('\n')}\n`)
    this.#spawn('zabbix_server', ['-f', '-c', this.#at('server.conf')])
  }

  /** Debian's frontend looks for its settings in /etc: a copy of it looks beside itself. */
  #startApi(database: number, port: number): void {
    const web = this.#at('www')
    cpSync(FRONTEND, web, {
      recursive: true,
      dereference: true,
      filter: (path) => !path.startsWith(`${FRONTEND}/conf`),
    })
    mkdirSync(join(web, 'conf/certs'), { recursive: true })
    writeFileSync(join(web, 'conf/maintenance.inc.php'), '<?php\n')
    const values = {
      TYPE: 'POSTGRESQL',
      SERVER: '127.0.0.1',
      PORT: String(database),
      DATABASE: 'zabbix',
      USER: 'zabbix',
    }
    const none = [
      'PASSWORD',
      'SCHEMA',
      'KEY_FILE',
      'CERT_FILE',
      'CA_FILE',
      'CIPHER_LIST',
      'VAULT_URL',
      'VAULT_DB_PATH',
      'VAULT_TOKEN',
    ]
    const texts = [...Object.entries(values), ...none.map((name) => [name, ''] as const)]
    const php = [
      ...texts.map(([name, value]) => `$DB['${name}']='${value}';`),
      `$DB['ENCRYPTION']=false;$DB['VERIFY_HOST']=false;$DB['DOUBLE_IEEE754']=true;`,
      `$ZBX_SERVER='127.0.0.1';$ZBX_SERVER_PORT='${this.trapper}';$ZBX_SERVER_NAME='test';$IMAGE_FORMAT_DEFAULT=IMAGE_FORMAT_PNG;`,
    ]
    const settings = join(web, 'conf/zabbix.conf.php')
    writeFileSync(settings, `<?php\n${php.join('\n')}\n`)
    const reader = join(web, 'include/classes/core/CConfigFile.php')
    const code = readFileSync(reader, 'utf8').replaceAll(`'/etc/zabbix/zabbix.conf.php'`, `'${settings}'`)
    writeFileSync(reader, code)
    const options = ['memory_limit=256M', 'max_execution_time=300', 'post_max_size=16M', 'date.timezone=UTC']
    this.#spawn('php', [...options.flatMap((each) => ['-d', each]), '-S', `127.0.0.1:${port}`, '-t', web])
  }

  #spawn(program: string, args: readonly string[]): void {
    this.#children.push(spawn(program, args, { stdio: 'ignore' }))
  }
}

function idsOf(account: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, account], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Waits until somebody listens there. */
export async function answers(port: number): Promise<void> {
  const isUp = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      }).on('error', () => resolve(false))
    })
  while (!(await isUp())) await delay(50)
}
