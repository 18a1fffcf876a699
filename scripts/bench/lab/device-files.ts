import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './lab.ts'

/** What the files of a device are before a run: as the runbooks want, or different in each of the ten steps of `mend`. */
export type Before = 'desired' | 'drifted'

export const MOTD = 'This till belongs to the store.\n'
export const AGENT = 'Server=zabbix.example\nHostname=till\nTimeout=10\n'
export const HOURS = 'mon-sat 06:00-22:00\nsun closed\n'
export const RECEIPT = 'Thank you for your visit.\n'
export const PRICE = 'currency=PLN\n'

/** Puts the files of devices into place, each in the folder named after its address. */
export function putDeviceFiles(lab: Lab, addresses: readonly string[], before: Before): void {
  const drifted = before === 'drifted'
  for (const address of addresses) {
    const folder = join(lab.devices, address)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const put = (name: string, text: string, mode = 0o644): void => {
      writeFileSync(join(folder, name), text)
      chmodSync(join(folder, name), mode)
    }
    put('motd', drifted ? 'Hello\n' : MOTD)
    put('hours', drifted ? 'always\n' : HOURS)
    put('banner', drifted ? '' : MOTD)
    put('price', drifted ? 'currency=EUR\n' : PRICE)
    put('receipt', drifted ? '' : RECEIPT)
    put('agent.conf', drifted ? AGENT.replaceAll(/=.*/g, '=old') : AGENT)
    put('secret', 'secret\n', drifted ? 0o644 : 0o600)
    if (drifted) put('stale', 'old\n')
    else put('ready', '')
    if (!drifted) symlinkSync('motd', join(folder, 'link'))
    own(lab, folder)
  }
}

function own(lab: Lab, folder: string): void {
  lchownSync(folder, lab.uid, lab.uid)
  for (const name of readdirSync(folder)) lchownSync(join(folder, name), lab.uid, lab.uid)
}

/** Whether all ten steps of `mend` hold on each of the devices: what a run left is looked at, whatever the tool says. */
export function deviceFilesAreDesired(lab: Lab, addresses: readonly string[]): boolean {
  const desired = { motd: MOTD, hours: HOURS, receipt: RECEIPT, banner: MOTD, price: PRICE }
  return addresses.every((address) => {
    const at = (name: string): string => join(lab.devices, address, name)
    return (
      Object.entries(desired).every(([name, text]) => readFileSync(at(name), 'utf8') === text) &&
      readFileSync(at('agent.conf'), 'utf8').startsWith('Server=zabbix.example\n') &&
      (statSync(at('secret')).mode & 0o777) === 0o600 &&
      existsSync(at('link')) &&
      readlinkSync(at('link')) === 'motd' &&
      !existsSync(at('stale')) &&
      existsSync(at('ready'))
    )
  })
}
