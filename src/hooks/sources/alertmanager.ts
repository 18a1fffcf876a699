import type { Alert } from '../../core/alert.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { type HookSource, hostNames, labelsOf, placeNamed, type ReadPayload, textOf } from '../payload.ts'
import { fingerprintOf } from './fingerprint.ts'

/**
 * Prometheus Alertmanager, webhook version 4; releases before 0.19 (Ubuntu 20.04) send no fingerprints. A group that fires may hold an
 * alert that is resolved.
 */
export const alertmanager: HookSource = {
  name: 'alertmanager',
  idsReturn: true,
  read: (payload) => readGroup('alertmanager', payload),
}

/** Reads a group of alerts in the form that Alertmanager and Grafana share. */
export function readGroup(source: string, payload: JsonValue): ReadPayload {
  if (!isMap(payload) || !Array.isArray(payload['alerts'])) return { ok: false, problem: noGroup(payload) }
  const alerts: Alert[] = []
  for (const [index, each] of (payload['alerts'] as readonly JsonValue[]).entries()) {
    const read = isMap(each) ? readAlert(source, each) : undefined
    if (read === undefined) {
      return {
        ok: false,
        problem: `Alert ${index + 1} has neither fingerprint nor labels, or its status is neither firing nor resolved.`,
      }
    }
    alerts.push(read)
  }
  const leftOut = payload['truncatedAlerts']
  return { ok: true, alerts, ...(typeof leftOut === 'number' && leftOut > 0 && { leftOut }) }
}

function noGroup(payload: JsonValue): string {
  if (isMap(payload) && payload['ruleId'] !== undefined && payload['evalMatches'] !== undefined) {
    return 'It is of the old alerting of Grafana (ruleId, evalMatches), which ended with version 11; describe it in hooks.sources.'
  }
  return 'It has no list "alerts", as the webhooks of Alertmanager and Grafana have.'
}

/**
 * Grafana resolves also what it does not see any more, and says so: MissingSeries, Paused, Updated, RuleDeleted, NoData, Error, KeepLast
 * (pkg/services/ngalert/models/alert_rule.go; "Stale alert instances" of its manual). An end that was seen has no reason.
 */
const STATE_REASON = 'grafana_state_reason'

/**
 * Names of alerts by which Grafana tells that a rule of its own could not be judged: they keep labels and annotations of that rule, and
 * have its name as `rulename` (pkg/services/ngalert/state/compat.go).
 */
const NO_DATA: ReadonlySet<string> = new Set(['DatasourceNoData', 'DatasourceError'])

/** Where a rule of Grafana says that to have no data is an alert, that keeps its name and is told with one of these reasons alone. */
const NO_DATA_REASON: ReadonlySet<string> = new Set(['NoData', 'Error'])

function readAlert(source: string, raw: JsonObject): Alert | undefined {
  const { status, startsAt } = raw
  if (status !== 'firing' && status !== 'resolved') return undefined
  const labels = labelsOf(raw['labels'])
  const told = textOf(raw['fingerprint'])
  if (told === '' && Object.keys(labels).length === 0) return undefined
  const fingerprint = told === '' ? fingerprintOf(labels) : told
  const notes = labelsOf(raw['annotations'])
  const ended = status === 'resolved' ? textOf(raw['endsAt']) : ''
  const reason = notes[STATE_REASON] ?? ''
  const lost = status === 'resolved' ? reason : ''
  return {
    source,
    id: `${fingerprint} ${textOf(startsAt)}`,
    series: fingerprint,
    state: status,
    ...nameOf(labels, status === 'firing' ? reason : ''),
    severity: labels['severity'] ?? '',
    text: notes['summary'] ?? notes['description'] ?? '',
    labels,
    started_at: textOf(startsAt),
    ...(ended !== '' && { ended_at: ended }),
    ...(lost !== '' && { lost }),
    ...placeNamed({ device: labels['device'], store: labels['store'] }),
    hosts: hostNames(labels['host'], labels['hostname'], labels['instance']),
  }
}

function nameOf(labels: Readonly<Record<string, string>>, reason: string): Pick<Alert, 'name' | 'noDataOf'> {
  const { alertname: name = '', rulename = '' } = labels
  if (NO_DATA.has(name)) return { name, noDataOf: rulename }
  return NO_DATA_REASON.has(reason) ? { name: `Datasource${reason}`, noDataOf: name } : { name }
}
