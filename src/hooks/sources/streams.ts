import type { Alert } from '../../core/alert.ts'
import { isMap } from '../../core/json.ts'
import { type HookSource, labelsOf, textOf } from '../payload.ts'

/** What this program itself tells of devices whose events do not come: `{"alerts": [{id, state, name, device, text, started_at, labels}]}`. */
export const streams: HookSource = {
  name: 'streams',
  idsReturn: true,
  read(payload) {
    const listed = isMap(payload) ? payload['alerts'] : undefined
    if (!Array.isArray(listed)) return { ok: false, problem: 'It has no list "alerts".' }
    const alerts: Alert[] = []
    for (const each of listed) {
      if (!isMap(each) || textOf(each['id']) === '') return { ok: false, problem: 'An alert has no "id".' }
      const device = textOf(each['device'])
      alerts.push({
        source: 'streams',
        id: textOf(each['id']),
        state: each['state'] === 'resolved' ? 'resolved' : 'firing',
        name: textOf(each['name']),
        severity: '',
        text: textOf(each['text']),
        labels: labelsOf(each['labels']),
        started_at: textOf(each['started_at']),
        ...(device !== '' && { device }),
        hosts: [],
      })
    }
    return { ok: true, alerts }
  },
}
