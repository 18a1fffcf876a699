import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isThere } from './debian.ts'
import { freePort } from './ssh-servers.ts'

const PATH = `/usr/sbin:/usr/bin:/sbin:/bin`

const isHere = isInstalled('kerberos') && existsSync('/usr/sbin/krb5kdc') && existsSync('/usr/bin/kinit')

/** Whether a realm can be set up and used: the package `kerberos` has to be compiled, as .ci/run does. */
export const hasKerberos = isThere({
  what: 'tests with Kerberos (the npm package kerberos as .ci/run compiles it)',
  debian: 'krb5-kdc krb5-admin-server krb5-user libkrb5-dev',
  isHere,
})

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

/** A Kerberos realm of this machine, with a ticket for its user. */
export interface KerberosRealm {
  readonly keytab: string
  /** For whoever uses it. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** A realm with the service HTTP/localhost, and the ticket of posadmin. */
export async function startKerberosRealm(): Promise<KerberosRealm> {
  const folder = mkdtempSync(join(tmpdir(), 'till-krb-'))
  const place = (name: string): string => join(folder, name)
  const kdc = `127.0.0.1:${await freePort('127.0.0.1')}`
  writeFileSync(
    place('krb5.conf'),
    `[libdefaults]\n default_realm = POS.TEST\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n` +
      ` dns_canonicalize_hostname = false\n[realms]\n POS.TEST = {\n  kdc = ${kdc}\n }\n[domain_realm]\n localhost = POS.TEST\n`,
  )
  writeFileSync(
    place('kdc.conf'),
    `[kdcdefaults]\n kdc_listen = ${kdc}\n kdc_tcp_listen = ${kdc}\n[realms]\n POS.TEST = {\n` +
      `  database_name = ${place('principal')}\n  key_stash_file = ${place('stash')}\n` +
      '  supported_enctypes = aes256-cts-hmac-sha1-96:normal\n }\n',
  )
  const environment = {
    KRB5_CONFIG: place('krb5.conf'),
    KRB5_KDC_PROFILE: place('kdc.conf'),
    KRB5CCNAME: `FILE:${place('cc')}`,
  }
  const env = { ...process.env, ...environment, PATH }
  const run = (program: string, args: readonly string[], input = ''): void =>
    void execFileSync(program, args, { env, input, stdio: ['pipe', 'ignore', 'pipe'] })
  run('kdb5_util', ['create', '-s', '-r', 'POS.TEST', '-P', 'master'])
  run('kadmin.local', ['-q', 'addprinc -pw S3cret!pw posadmin'])
  run('kadmin.local', ['-q', 'addprinc -randkey HTTP/localhost'])
  run('kadmin.local', ['-q', `ktadd -k ${place('keytab')} HTTP/localhost`])
  const server: ChildProcess = spawn('krb5kdc', ['-n'], { env, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  for (let n = 0; ; n += 1) {
    try {
      run('kinit', ['posadmin'], 'S3cret!pw\n')
      break
    } catch (error) {
      if (n > 50 || server.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  return {
    keytab: place('keytab'),
    environment,
    async stop() {
      server.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
