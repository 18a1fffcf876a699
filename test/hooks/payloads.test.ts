import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { HOOK_SOURCES } from '../../src/hooks/sources/index.ts'

const NEVER = '0001-01-01T00:00:00Z'
const BEGUN = '2026-11-22T01:40:33.157076+02:00'

/** What a source makes of a payload: its alerts, or why it is none. */
function read(source: string, payload: JsonObject): readonly Alert[] | string {
  const answer = HOOK_SOURCES.find(({ name }) => name === source)?.read(payload)
  return answer?.ok ? answer.alerts : (answer?.problem ?? 'no such source')
}

const LABELS = { alertname: 'Agent down', device: 'PL-0412/pos1', severity: 'high', grafana_folder: 'Shops' }

function group(alerts: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  const { alertname } = LABELS
  const common = { groupLabels: { alertname }, commonLabels: LABELS, commonAnnotations: {} }
  return {
    receiver: 'till',
    status: 'firing',
    alerts,
    ...common,
    externalURL: 'http://monitoring.example/',
    version: '1',
    groupKey: '{}/{__grafana_receiver__="till"}:{alertname="Agent down", grafana_folder="Shops"}',
    truncatedAlerts: 0,
    ...more,
  }
}

function alert(more: JsonObject = {}): JsonObject {
  return {
    status: 'firing',
    labels: LABELS,
    annotations: { summary: 'pos1 says nothing' },
    startsAt: BEGUN,
    endsAt: NEVER,
    generatorURL: 'http://monitoring.example/alerting/grafana/a1/view?orgId=1',
    fingerprint: 'c6eadffa33fcdf37',
    ...more,
  }
}

const SEEN = {
  id: `c6eadffa33fcdf37 ${BEGUN}`,
  series: 'c6eadffa33fcdf37',
  state: 'firing',
  name: 'Agent down',
  severity: 'high',
  text: 'pos1 says nothing',
  device: 'PL-0412/pos1',
  started_at: BEGUN,
}

/**
 * Fields of an alert that differ by version, all of them those of grafana/alerting: `exprs` was there for a while
 * (alerting/notifier/channels/template_data.go), `orgId` of an alert came later (templates/template_data.go), `values` is null where
 * a rule has none (the same, a map of Go without entries).
 */
const GRAFANA: readonly (readonly [string, JsonObject, JsonObject])[] = [
  ['9.0', { valueString: "[ metric='' labels={} value=1 ]", silenceURL: 'x', dashboardURL: '', panelURL: '' }, {}],
  [
    '9.5',
    { exprs: null, values: null, valueString: '', dashboardURL: '', panelURL: '' },
    { orgId: 1, state: 'alerting' },
  ],
  [
    '10.1',
    { values: { B: 44.2, C: 1 }, valueString: '', imageURL: 'http://x/i.png' },
    { orgId: 1, title: '[FIRING:1]' },
  ],
  ['11', { values: null, valueString: '', orgId: 1 }, { orgId: 1, message: '**Firing**' }],
  ['12', { values: { A: 1 }, valueString: '', orgId: 1 }, { orgId: 1, appVersion: '12.0.1', truncatedAlerts: null }],
]

describe('Grafana', () => {
  test.each(GRAFANA)('%s tells of a fault', (_version, fields, around) => {
    const [told] = read('grafana', group([alert(fields)], around))
    expect(told).toMatchObject({ source: 'grafana', ...SEEN })
    expect(told).not.toHaveProperty('ended_at')
    expect(told).not.toHaveProperty('noDataOf')
    expect(told).not.toHaveProperty('unplaced')
  })

  test('an end says when, and one that was not seen says why', () => {
    const ended = { status: 'resolved', endsAt: '2026-11-22T01:50:00Z' }
    expect(read('grafana', group([alert(ended)]))).toMatchObject([{ state: 'resolved', ended_at: ended.endsAt }])
    const annotations = { summary: 'x', grafana_state_reason: 'MissingSeries' }
    expect(read('grafana', group([alert({ ...ended, annotations })]))).toMatchObject([{ lost: 'MissingSeries' }])
  })

  // pkg/services/ngalert/state/compat.go, and the states of a rule "Alert state if no data or all values are null: Alerting".
  test.each(['grafana', 'alertmanager'])('that it has no data is not the fault, also by way of %s', (source) => {
    const labels = {
      ...LABELS,
      alertname: 'DatasourceNoData',
      rulename: 'Agent down',
      ref_id: 'A',
      datasource_uid: 'u',
    }
    expect(read(source, group([alert({ labels })]))).toMatchObject([
      { name: 'DatasourceNoData', noDataOf: 'Agent down' },
    ])
    for (const [reason, name] of [
      ['NoData', 'DatasourceNoData'],
      ['Error', 'DatasourceError'],
    ] as const) {
      const annotations = { grafana_state_reason: reason }
      expect(read(source, group([alert({ annotations })]))).toMatchObject([{ name, noDataOf: 'Agent down' }])
    }
    // What was seen last is kept: then that is what is known.
    const kept = alert({ annotations: { grafana_state_reason: 'NoData, KeepLast' } })
    const [told] = read(source, group([kept]))
    expect(told).toMatchObject({ name: 'Agent down' })
    expect(told).not.toHaveProperty('noDataOf')
  })

  // Labels and annotations of a test may be anything that who tests writes.
  test.each([
    ['8', '{alertname="Agent down", device="PL-0412/pos1"}2022-01-11 10:11:12.123456 +0000 UTC m=+66.02'],
    ['9 to 11', 'till-c6eadffa33fcdf37-1796119620'],
    ['12', 'webhook[0]-00adffa33fcdf370-1796119620'],
  ])('a test of a contact point of Grafana %s is about nothing', (_version, groupKey) => {
    const why = 'It is a test of a contact point of Grafana: nothing is out of order.'
    expect(read('grafana', group([alert({ values: null })], { groupKey }))).toMatchObject([{ unplaced: why }])
    const usual = { alertname: 'TestAlert', instance: 'Grafana' }
    expect(read('grafana', group([alert({ labels: usual })], { groupKey }))).toMatchObject([{ unplaced: why }])
  })

  test('the alerting before unified alerting is told as such', () => {
    const old = {
      evalMatches: [],
      ruleId: 2,
      ruleName: 'Agent down',
      state: 'alerting',
      title: '[Alerting] Agent down',
    }
    expect(read('grafana', old)).toMatch(/^It is of the old alerting of Grafana/)
  })

  test.each(['{}/{severity="critical"}:{alertname="x-0123456789abcdef-1796119620"}', '{}:{}', 'made by hand', null])(
    'a group of the key %s is none',
    (groupKey) => {
      const [told] = read('grafana', group([alert()], { groupKey }))
      expect(told).not.toHaveProperty('unplaced')
    },
  )
})

/** notify/webhook/webhook.go and template/template.go of prometheus/alertmanager: the same fields in all of them. */
describe('Alertmanager 0.25 to 0.28', () => {
  const around = { version: '4', groupKey: '{}/{team="shops"}:{alertname="Agent down"}' }

  test('tells of a fault and of its end in one group', () => {
    const over = alert({ status: 'resolved', endsAt: '2026-11-22T01:50:00Z', fingerprint: '00ad' })
    const [fault, end] = read('alertmanager', group([alert(), over], around))
    expect(fault).toMatchObject({ source: 'alertmanager', ...SEEN })
    expect(fault).not.toHaveProperty('ended_at')
    expect(end).toMatchObject({ state: 'resolved', ended_at: '2026-11-22T01:50:00Z', series: '00ad' })
  })

  // 0.25 of Debian gives these labels these fingerprints; releases before 0.19 send none (prometheus/alertmanager#2227, #1051).
  test('an alert without a fingerprint has that of its labels', () => {
    const fingerprint = undefined as unknown as null
    const [told] = read('alertmanager', group([alert({ fingerprint })], around))
    expect(told).toMatchObject({ id: `6e715439d5f2271e ${BEGUN}`, series: '6e715439d5f2271e' })
    const other = alert({ fingerprint, labels: { alertname: 'x' }, status: 'resolved' })
    expect(read('alertmanager', group([other], around))).toMatchObject([{ series: 'd240efc3896bf266' }])
    expect(read('alertmanager', group([alert({ fingerprint, labels: {} })], around))).toMatch(/^Alert 1 has neither/)
  })

  test('an alert without annotations, as a map of Go without entries is written', () => {
    expect(read('alertmanager', group([alert({ annotations: null })], around))).toMatchObject([{ ...SEEN, text: '' }])
  })
})

/** The macros are those of Zabbix 6.0, 6.4, 7.0 and 7.2 alike ("Supported macros" of its manual). */
describe('Zabbix 6.0 to 7.2', () => {
  const problem = {
    event_id: '4711',
    event_value: '1',
    event_name: 'Agent down',
    event_severity: 'High',
    event_opdata: '',
    event_tags: '[{"tag":"device","value":"PL-0412/pos1"},{"tag":"scope","value":"availability"}]',
    host: 'pos1.pl-0412',
    host_ip: '10.4.12.1',
    host_dns: '',
    trigger_id: '90',
  }

  test('tells of a problem', () => {
    expect(read('zabbix', problem)).toMatchObject([
      { id: '4711', state: 'firing', name: 'Agent down', device: 'PL-0412/pos1', hosts: ['pos1.pl-0412', '10.4.12.1'] },
    ])
  })

  test('what has no value stands for nothing', () => {
    const unknown = { event_severity: '{EVENT.SEVERITY}', event_opdata: '*UNKNOWN*', trigger_id: '{TRIGGER.ID}' }
    const nowhere = { host: '*UNKNOWN*', host_ip: '{HOST.IP}', host_dns: '{HOST.DNS}', event_tags: '{EVENT.TAGSJSON}' }
    const [told] = read('zabbix', { ...problem, ...unknown, ...nowhere })
    expect(told).toMatchObject({ severity: '', text: '', labels: {}, hosts: [] })
    expect(told).not.toHaveProperty('device')
  })

  // "Webhook testing" of its guidelines: macros are not filled in there.
  test('a test of the media type is refused', () => {
    const macros = {
      event_id: '{EVENT.ID}',
      event_value: '{EVENT.VALUE}',
      host: '{HOST.HOST}',
      event_name: '{EVENT.NAME}',
    }
    expect(read('zabbix', { ...problem, ...macros })).toBe('Its event_id is not the number of an event ({EVENT.ID}).')
    expect(read('zabbix', { ...problem, event_value: '{EVENT.VALUE}' })).toContain('neither 1 (problem) nor 0')
  })
})
