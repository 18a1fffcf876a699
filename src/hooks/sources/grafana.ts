import { isMap, type JsonValue } from '../../core/json.ts'
import { type HookSource, textOf } from '../payload.ts'
import { readGroup } from './alertmanager.ts'

/**
 * The key of a real group ends with its labels in braces. The one of a test of a contact point ends with the moment of the test, behind the
 * fingerprint of its labels (notify/test_receivers.go of grafana/alerting), or in Grafana 8 behind the labels (TestReceivers of
 * pkg/services/ngalert/notifier/receivers.go). Its labels may be those of any alert: who tests writes them.
 */
const TEST_KEY = /(-[0-9a-f]{16}-\d{10}|\}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^}]*)$/

/** Grafana alerting: the form of Alertmanager, with more beside it. */
export const grafana: HookSource = {
  name: 'grafana',
  idsReturn: true,
  read(payload) {
    const read = readGroup('grafana', payload)
    if (!read.ok || !isTest(payload)) return read
    const unplaced = 'It is a test of a contact point of Grafana: nothing is out of order.'
    return { ...read, alerts: read.alerts.map((alert) => ({ ...alert, unplaced })) }
  },
}

function isTest(payload: JsonValue): boolean {
  return isMap(payload) && TEST_KEY.test(textOf(payload['groupKey']))
}
