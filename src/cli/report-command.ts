import type { LedgerQuestion } from '../app/reports/fleet-ledger.ts'
import { type PeriodFlags, reportPeriod } from '../app/reports/report-period.ts'
import { type ReportFormat, shownReport } from '../app/reports/show-report.ts'
import type { Selection } from '../app/revision/selection.ts'
import { someDevices, workingFleet } from '../app/revision/targets.ts'
import { fileWriter } from '../app/writer.ts'
import { usageError } from '../core/diagnostic.ts'
import type { Report } from '../core/report.ts'
import type { Retention } from '../core/run-store.ts'
import { reportNotes } from '../reporters/report-sheet.ts'
import type { CsvLocale } from '../reporters/sheet-csv.ts'
import { BaseCommand } from './base-command.ts'

interface WriteFlags {
  readonly format?: string | undefined
  readonly json?: boolean
  readonly csv?: boolean
  readonly html?: boolean
  readonly xlsx?: boolean
  readonly locale: string
  readonly output?: string | undefined
}

interface AskFlags extends WriteFlags, PeriodFlags, Selection {
  readonly project?: string | undefined
  readonly sandbox: boolean
}

/** What commands that write a report share. */
export abstract class ReportCommand extends BaseCommand {
  /** Makes a report of the devices and the period that flags pick, and writes it as they say. */
  protected async report(
    flags: AskFlags,
    make: (question: LedgerQuestion & { readonly now: Date; readonly keep: Retention }) => Promise<Report>,
  ): Promise<void> {
    this.formatOf(flags)
    const now = new Date()
    const period = reportPeriod(flags, now.getTime())
    const project = await this.openProject(flags)
    const fleet = await workingFleet(project, flags)
    const devices = await someDevices(project, fleet, flags)
    const settings = project.settings.availability()
    const keep = project.settings.history
    const report = await make({ fleet, store: await project.store(), settings, period, devices, now, keep })
    await project.close()
    await this.writeReport(report, flags)
  }

  /** The format that flags ask for; ends the command where it has nowhere to go. */
  protected formatOf(flags: WriteFlags): ReportFormat {
    const short = (['json', 'csv', 'html', 'xlsx'] as const).find((format) => flags[format])
    const format = short ?? ((flags.format ?? 'table') as ReportFormat)
    if (format === 'xlsx' && flags.output === undefined)
      throw usageError('A workbook is written to a file', 'Name the file: --output report.xlsx')
    return format
  }

  /** Writes it where it was asked for; a table has what is said about it on stderr. */
  protected async writeReport(report: Report, flags: WriteFlags): Promise<void> {
    const format = this.formatOf(flags)
    const width = flags.output === undefined && process.stdout.isTTY ? this.columns : undefined
    const parts = await shownReport(report, format, { width, locale: flags.locale as CsvLocale })
    if (flags.output === undefined) await this.writeAll(parts as Iterable<string>)
    else {
      const file = await fileWriter(flags.output)
      for (const part of parts) await file.write(part)
      await file.close()
    }
    if (format === 'table') for (const note of reportNotes(report)) process.stderr.write(`${note}\n`)
  }
}
