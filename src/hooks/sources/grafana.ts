import type { HookSource } from '../payload.ts'
import { readGroup } from './alertmanager.ts'

/** Grafana alerting: the form of Alertmanager, with more beside it. */
export const grafana: HookSource = {
  name: 'grafana',
  idsReturn: true,
  read: (payload) => readGroup('grafana', payload),
}
