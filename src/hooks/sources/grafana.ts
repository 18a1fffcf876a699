import type { Alert } from '../../core/alert.ts'
import type { HookSource } from '../payload.ts'
import { readGroup } from './alertmanager.ts'

/**
 * Names of alerts by which Grafana tells that a rule of its own could not be judged: they keep labels and annotations of that rule, and
 * have its name as `rulename` (pkg/services/ngalert/state/compat.go).
 */
const NO_DATA: ReadonlySet<string> = new Set(['DatasourceNoData', 'DatasourceError'])

/** Grafana alerting: the form of Alertmanager, with more beside it. */
export const grafana: HookSource = {
  name: 'grafana',
  idsReturn: true,
  read(payload) {
    const read = readGroup('grafana', payload)
    return read.ok ? { ...read, alerts: read.alerts.map(withNoData) } : read
  },
}

function withNoData(alert: Alert): Alert {
  return NO_DATA.has(alert.name) ? { ...alert, noDataOf: alert.labels['rulename'] ?? '' } : alert
}
