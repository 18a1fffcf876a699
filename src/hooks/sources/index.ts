import type { HookSource } from '../payload.ts'
import { alertmanager } from './alertmanager.ts'
import { grafana } from './grafana.ts'
import { streams } from './streams.ts'
import { zabbix } from './zabbix.ts'

/** Sources that come with Tillwright. */
export const HOOK_SOURCES: readonly HookSource[] = [alertmanager, grafana, zabbix, streams]
