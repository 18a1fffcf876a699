import type { Device, StoreFacts } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'

/** What a tool sees of the device that it works on; nothing of it is secret. */
export function deviceEnvironment(device: Device, store: StoreFacts): Readonly<Record<string, string>> {
  const { transport, os } = device
  const facts = {
    device: { name: device.name, kind: device.kind, os, address: device.address, tags: device.tags, vars: device.vars },
    store: { id: store.id, name: store.name, region: store.region, time_zone: store.time_zone, vars: store.vars },
  }
  return {
    TILL_DEVICE: device.name,
    TILL_DEVICE_ID: device.id,
    TILL_STORE: device.store,
    TILL_REGION: device.region,
    TILL_KIND: device.kind,
    TILL_OS: os.family,
    TILL_ADDRESS: device.address,
    TILL_TRANSPORT: transport.type,
    TILL_PORT: transport.port === undefined ? '' : String(transport.port),
    TILL_USER: transport.user ?? '',
    TILL_FACTS: JSON.stringify(facts),
  }
}

/** An inventory of Ansible with this one host, in YAML that is JSON. It names keys, and holds no password. */
export function oneHostInventory(device: Device, gateway: Device | undefined): string {
  const { transport, address, vars } = device
  const [key] = transport.keys ?? []
  const jump = transport.via === undefined ? undefined : jumpOver(gateway)
  const host: Record<string, JsonValue> = {
    ...(vars as JsonObject),
    ...(address !== '' && { ansible_host: address }),
    ansible_connection: transport.type === 'none' ? 'local' : transport.type,
    ...(transport.port !== undefined && { ansible_port: transport.port }),
    ...(transport.user !== undefined && { ansible_user: transport.user }),
    ...(key !== undefined && { ansible_ssh_private_key_file: key }),
    ...(transport.type === 'winrm' && { ansible_winrm_transport: transport.auth ?? 'ntlm' }),
    ...(transport.become && { ansible_become: true, ansible_become_method: transport.become.method }),
    ...(jump !== undefined && { ansible_ssh_common_args: `-o ProxyJump=${jump}` }),
  }
  return JSON.stringify({ all: { hosts: { [device.name.replace('/', '_')]: host } } })
}

function jumpOver(gateway: Device | undefined): string | undefined {
  if (gateway === undefined || gateway.address === '') return undefined
  const { user, port } = gateway.transport
  return `${user === undefined ? '' : `${user}@`}${gateway.address}${port === undefined ? '' : `:${port}`}`
}
