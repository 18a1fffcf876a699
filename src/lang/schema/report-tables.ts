import type { ReportColumn, ReportForm, ReportType } from '../../core/report.ts'
import { REPORT_FORMS } from '../../core/report-forms.ts'
import { HEAD } from './forms.ts'
import { TIME } from './records.ts'

const VALUES: Readonly<Record<ReportType, object>> = {
  text: { type: ['string', 'null'] },
  count: { type: ['integer', 'null'], minimum: 0 },
  seconds: { type: ['integer', 'null'], minimum: 0 },
  share: { type: ['number', 'null'], minimum: 0, maximum: 1 },
  money: { type: ['number', 'null'] },
  number: { type: ['number', 'null'] },
  time: { anyOf: [TIME, { type: 'null' }] },
  day: { anyOf: [{ type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }, { type: 'null' }] },
}

/** The schemas of all reports by command, by the names of their files. */
export const REPORT_TABLE_SCHEMAS: Readonly<Record<string, object>> = Object.fromEntries(
  REPORT_FORMS.map((form) => [`report-${form.name}`, schemaOf(form)]),
)

function schemaOf(form: ReportForm): object {
  const row = {
    title: 'Row',
    type: 'object',
    additionalProperties: false,
    required: form.columns.map(({ key }) => key),
    properties: Object.fromEntries(form.columns.map((column) => [column.key, schemaOfValue(column)])),
  }
  return {
    ...HEAD,
    $id: `https://tillwright.dev/schemas/report-${form.name}/1`,
    title: form.title,
    description: form.description,
    type: 'object',
    additionalProperties: false,
    required: ['schema', 'since', 'until', 'made_at', 'zone', 'by', 'of', 'notes', 'count', 'total', form.rows],
    properties: {
      schema: { const: `till.report-${form.name}/1` },
      since: { ...TIME, description: 'From when on, by the clocks of most stores.' },
      until: { ...TIME, description: 'Until when; no longer part of it.' },
      made_at: { ...TIME, description: 'When it was made.' },
      zone: { description: 'By whose clock it is told to people: an IANA name.', type: 'string' },
      by: { description: 'By what it is told; null: that cannot be chosen.', type: ['string', 'null'] },
      of: { description: 'Of what it is told; null: that cannot be chosen.', type: ['string', 'null'] },
      notes: { description: 'What is said about it, for people.', type: 'array', items: { type: 'string' } },
      count: { description: 'How many rows follow.', type: 'integer', minimum: 0 },
      total: {
        ...row,
        title: 'Total',
        description: 'Of all rows; null where that says nothing.',
        type: ['object', 'null'],
      },
      [form.rows]: { type: 'array', items: row },
    },
  }
}

function schemaOfValue({ description, type }: ReportColumn): object {
  return { description, ...VALUES[type] }
}
