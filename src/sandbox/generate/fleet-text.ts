import { publicHolidays, tradingSundays } from './polish-calendar.ts'
import { VOIVODESHIPS } from './voivodeships.ts'

/** The years whose holidays the calendars hold. */
const YEARS = [2026, 2027]

const SCHEMA_LINE = '# yaml-language-server: $schema=../schemas/inventory.schema.json\n'

/** Calendars by name: the week, and the hours of Sundays on which trade is allowed. */
const CALENDARS: readonly { readonly name: string; readonly week: string; readonly tradingSunday: string }[] = [
  { name: 'large', week: '{mon-sat: 06:00-22:00, sun: closed}', tradingSunday: '09:00-21:00' },
  { name: 'standard', week: '{mon-fri: 06:30-21:00, sat: 07:00-20:00, sun: closed}', tradingSunday: '10:00-18:00' },
  { name: 'mall', week: '{mon-sat: 09:00-21:00, sun: closed}', tradingSunday: '10:00-20:00' },
  {
    name: 'late',
    week: '{mon-thu: 06:00-23:00, fri-sat: 06:00-01:00, sun: 09:00-20:00}',
    tradingSunday: '09:00-20:00',
  },
]

/** `fleet.yaml`: what holds everywhere, and the regions. */
export function fleetText(): string {
  const exceptions = YEARS.map((year) => {
    const closed = publicHolidays(year).map((date) => `          ${date}: closed\n`)
    return (hours: string): string => {
      const sundays = tradingSundays(year).map((date) => `          ${date}: ${hours}\n`)
      return [...closed, ...sundays].sort().join('')
    }
  })
  const calendars = CALENDARS.map(({ name, week, tradingSunday }) => {
    return `    ${name}:\n      week: ${week}\n      exceptions:\n${exceptions
      .map((of) => of(tradingSunday).replace(/^ {10}/gm, '        '))
      .join('')}`
  })
  return `${SCHEMA_LINE}# What holds for every store. Narrower levels (region, store, profile, device) replace it value by value.
fleet:
  name: Sklepy Polskie
  time_zone: Europe/Warsaw
  transport:
    user: till
    keys: [~/.ssh/till_ed25519]
  vars:
    agent:
      package: zabbix-agent2
      service: zabbix-agent2
      version: "7.0.6"
      config: /etc/zabbix/zabbix_agent2.conf
      server: zabbix-proxy.example
      port: 10050
    tillapp:
      service: tillapp
      version: "24.11.3"
      config: /etc/tillapp/till.ini
      server: backoffice.example
      port: 8443
      timeout: 30
      codepage: CP852
    time:
      servers: [ntp1.example, ntp2.example]
  calendars:
    # Holidays are closed; trading Sundays are open.
${calendars.join('')}    always:
      week: {mon-sun: 00:00-24:00}

regions:
${VOIVODESHIPS.map(regionText).join('')}`
}

function regionText({ id, name }: { readonly id: string; readonly name: string }): string {
  return `  ${id}: {name: ${name}, vars: {agent: {server: zabbix-${id}.example}}}\n`
}

/** `profiles.yaml`: the classes of devices. */
export const PROFILES_TEXT = `${SCHEMA_LINE}# What devices of a class have in common.
profiles:
  till-linux:
    kind: till
    os: {family: linux, distribution: debian, version: "12"}
    transport: {type: ssh, become: {method: sudo}}
    vars: {disk: {min_free_percent: 10}}
  till-linux-alpine:
    kind: till
    os: {family: linux, distribution: alpine, version: "3.20.3"}
    transport: {type: ssh, become: {method: sudo}}
    vars: {disk: {min_free_percent: 15}}
  till-windows:
    kind: till
    os: {family: windows, distribution: windows-10-iot, version: "21H2"}
    transport: {type: winrm, user: till-service, keys: null, password: {secret: "env:TILL_WINRM_PASSWORD"}}
    vars:
      agent: {service: Zabbix Agent 2, config: "C:/Program Files/Zabbix Agent 2/zabbix_agent2.conf"}
      tillapp: {config: "C:/TillApp/till.ini"}

  fiscal-posnet:
    kind: fiscal-printer
    os: {family: none}
    tags: [fiscal]
    vars: {fiscal: {vendor: posnet, model: Thermal XL2, protocol: posnet, baud: 115200}}
  fiscal-novitus:
    kind: fiscal-printer
    os: {family: none}
    tags: [fiscal]
    vars: {fiscal: {vendor: novitus, model: Bono Online, protocol: novitus, port: 6001}}
  receipt-epson:
    kind: receipt-printer
    os: {family: none}
    vars: {printer: {vendor: epson, model: TM-T20III, language: escpos, usb: /dev/usb/lp0, queue: EPSON TM-T20III Receipt}}
  label-zebra:
    kind: label-printer
    os: {family: none}
    vars: {printer: {vendor: zebra, model: ZD421, language: zpl, port: 9100}}
  office-laser:
    kind: office-printer
    os: {family: none}
    vars: {printer: {vendor: brother, model: HL-L6210DW, language: ipp, port: 631}}
  terminal-ingenico:
    kind: payment-terminal
    os: {family: none}
    tags: [pci]
    vars: {terminal: {vendor: ingenico, model: Lane 3000}}
  terminal-verifone:
    kind: payment-terminal
    os: {family: none}
    tags: [pci]
    vars: {terminal: {vendor: verifone, model: P400}}

  router-openwrt:
    kind: router
    os: {family: linux, distribution: openwrt, version: "23.05.4"}
    transport: {type: ssh, user: root}
  server-linux:
    kind: server
    os: {family: linux, distribution: rocky, version: "9.4"}
    transport: {type: ssh, become: {method: sudo}}
    vars: {disk: {min_free_percent: 20}}
  vending:
    kind: vending
    os: {family: linux, distribution: alpine, version: "3.20.3"}
    transport: {type: ssh, become: {method: sudo}, via: gateway}
    vars: {vending: {slots: 40}}
`

/** The first lines of the file of one voivodeship. */
export function headText(region: string): string {
  return `${SCHEMA_LINE}region: ${region}\nstores:\n`
}
