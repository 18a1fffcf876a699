import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type Asked, askJson } from './ask-json.ts'

/** The JSON-RPC API of a Zabbix server, 6.0 or later. */
export interface ZabbixApi {
  /** Its version, as `[major, minor]`. */
  version(): Promise<
    { readonly ok: true; readonly value: readonly [number, number] } | (Asked & { readonly ok: false })
  >
  /** One call; what it refuses is a value, in the words of Zabbix. */
  call(method: string, params: JsonObject | readonly JsonValue[]): Promise<Asked>
}

/** `url`: its api_jsonrpc.php. */
export function zabbixApi({
  url,
  token,
  timeoutMs,
}: {
  readonly url: string
  readonly token?: string | undefined
  /** For one call. */
  readonly timeoutMs?: number
}): ZabbixApi {
  let asked: Promise<Asked> | undefined
  const version: ZabbixApi['version'] = async () => {
    asked ??= rpc(url, 'apiinfo.version', {}, {})
    const known = await asked
    if (!known.ok) {
      asked = undefined
      return known
    }
    const [major = 0, minor = 0] = String(known.value).split('.').map(Number)
    return { ok: true, value: [major, minor] }
  }
  return {
    version,
    async call(method, params) {
      const known = await version()
      if (!known.ok) return known
      // Before 6.4 a token stands in the body, from 7.2 on it must not.
      return rpc(url, method, params, isSince(known.value, [6, 4]) ? { token, timeoutMs } : { auth: token, timeoutMs })
    },
  }
}

/** Whether a version is that one or a later one. */
export function isSince([major, minor]: readonly [number, number], since: readonly [number, number]): boolean {
  return major > since[0] || (major === since[0] && minor >= since[1])
}

async function rpc(
  url: string,
  method: string,
  params: JsonObject | readonly JsonValue[],
  {
    auth,
    token,
    timeoutMs,
  }: {
    readonly auth?: string | undefined
    readonly token?: string | undefined
    readonly timeoutMs?: number | undefined
  },
): Promise<Asked> {
  const body = JSON.stringify({ jsonrpc: '2.0', method, params, id: 1, ...(auth !== undefined && { auth }) })
  const asked = await askJson(url, { body, type: 'application/json-rpc', token, ...(timeoutMs && { timeoutMs }) })
  if (!asked.ok) return asked
  const { result, error } = (isMap(asked.value) ? asked.value : {}) as { result?: JsonValue; error?: JsonValue }
  if (result !== undefined) return { ok: true, value: result }
  const detail = isMap(error) ? String(error['data'] ?? error['message'] ?? '') : ''
  return { ok: false, why: `${method} is refused: ${detail.replace(/\.$/, '')}`, isRefusal: isMap(error) }
}
