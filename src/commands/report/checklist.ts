import { type ChecklistRow, checklistOf, checklistSheet, checklistTable } from '../../app/inventory/checklist.ts'
import { jsonDocument } from '../../app/json-document.ts'
import type { ReportFormat } from '../../app/reports/show-report.ts'
import { selectDevices } from '../../app/revision/selection.ts'
import { workingFleet } from '../../app/revision/targets.ts'
import { fileWriter } from '../../app/writer.ts'
import { ReportCommand } from '../../cli/report-command.ts'
import { reportFlags } from '../../cli/report-flags.ts'
import { selectionFlags } from '../../cli/selection-flags.ts'
import { counted } from '../../core/counted.ts'
import { type CsvLocale, sheetCsv } from '../../reporters/sheet-csv.ts'
import { sheetHtml } from '../../reporters/sheet-html.ts'

interface Writing {
  readonly format: ReportFormat
  readonly locale: CsvLocale
  readonly output: string | undefined
}

export default class ReportChecklist extends ReportCommand {
  static override summary = 'Show for every till where it is, when it was last seen, and when it made its last receipt.'
  static override description =
    `For a roll-out: what has - in its last column has not sold yet. Asks no device: the answer comes from the inventory and from
what earlier runs noted (the module receipts, and printers that tell their last receipt). Shows tills unless --kind or
--device says otherwise. With --json the answer is one document (schema till.checklist/1).`
  static override examples = [
    { description: 'One region, on the screen', command: '<%= config.bin %> report checklist --region mazowieckie' },
    {
      description: 'As a workbook',
      command: '<%= config.bin %> report checklist --xlsx --output checklist.xlsx',
    },
    {
      description: 'Tills that have never sold',
      command: `<%= config.bin %> report checklist --json | jq -r '.devices[] | select(.last_receipt_at == null) | .device'`,
    },
  ]
  static override flags = {
    ...selectionFlags,
    ...reportFlags,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(ReportChecklist)
    const format = this.formatOf(flags)
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const kind = flags.kind ?? (flags.device === undefined ? ['till'] : undefined)
    const devices = await selectDevices(fleet, { ...flags, kind }, { store: () => project.store() })
    const rows = await checklistOf(fleet, devices, await project.store())
    await this.#write(rows, { format, locale: flags.locale as CsvLocale, output: flags.output })
    process.stderr.write(`${counted(rows.length, 'device')}\n`)
    await project.close()
  }

  async #write(rows: readonly ChecklistRow[], { format, locale, output }: Writing): Promise<void> {
    const width = output === undefined && process.stdout.isTTY ? this.columns : undefined
    const parts = await this.#rendered(rows, { format, locale, width })
    if (output === undefined) return this.writeAll(parts as Iterable<string>)
    const file = await fileWriter(output)
    for (const part of parts) await file.write(part)
    return file.close()
  }

  async #rendered(
    rows: readonly ChecklistRow[],
    { format, locale, width }: Pick<Writing, 'format' | 'locale'> & { readonly width: number | undefined },
  ): Promise<Iterable<string | Uint8Array>> {
    const sheet = checklistSheet(rows, new Date())
    switch (format) {
      case 'table':
        return rows.length > 0 ? [checklistTable(rows, width)] : []
      case 'html':
        return sheetHtml(sheet)
      case 'csv':
        return sheetCsv(sheet, locale)
      case 'json':
        return jsonDocument({ schema: 'till.checklist/1', count: rows.length }, 'devices', rows)
      case 'xlsx': {
        const { sheetXlsx } = await import('../../reporters/sheet-xlsx.ts')
        return [sheetXlsx(sheet)]
      }
    }
  }
}
