import { resolve } from 'node:path'
import { Command, Errors, Flags } from '@oclif/core'
import { inChunks, jsonPage } from '../app/json-document.ts'
import { openProject, type Project } from '../app/project.ts'
import type { RunEnd, RunRequest } from '../app/run/run-request.ts'
import { isStdoutBegun, UnwritableError } from '../app/writer.ts'
import type { Controller } from '../controller/controller.ts'
import { type Diagnostic, InputError, RunBroken } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'
import { formatDiagnostics } from '../lang/format-diagnostics.ts'
import { underSignals } from './interrupts.ts'
import { showByPager } from './pager.ts'
import { sourceStack } from './source-stack.ts'
import { tooManyFiles } from './too-many-files.ts'
import { usageErrors } from './usage-errors.ts'

/** What every command shares: where the project is, JSON or text, and how errors become messages and exit codes. */
export abstract class BaseCommand extends Command {
  readonly #controllers: Controller[] = []

  static override baseFlags = {
    project: Flags.string({
      description: 'folder of the repository, if not this one or one above it',
      env: 'TILL_PROJECT',
      helpGroup: 'GLOBAL',
    }),
    'no-pager': Flags.boolean({
      description: 'show long tables at once, and not by $PAGER (which is asked on a terminal only)',
      helpGroup: 'GLOBAL',
    }),
  }

  /** True when colours may be written to stdout: a terminal, and nobody said no. */
  get color(): boolean {
    return process.stdout.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  }

  /** Columns of the terminal; 120 where there is none, or one that has no size (as under `docker run -t` and `expect`). */
  get columns(): number {
    return process.stdout.columns || 120
  }

  /** The repository that this command works on; throws InputError when there is none. */
  protected async openProject(flags: {
    readonly project?: string | undefined
    readonly sandbox?: boolean | undefined
  }): Promise<Project> {
    return openProject(flags.project ?? process.cwd(), { sandbox: flags.sandbox ?? false })
  }

  /** What runs need, for this one command; it closes whatever becomes of the command, also where that fails. */
  protected async openController(flags: {
    readonly project?: string | undefined
    readonly sandbox?: boolean | undefined
  }): Promise<Controller> {
    // Transports and the engine take long to load, and most commands only read what is known.
    const { openController } = await import('../controller/controller.ts')
    const controller = await openController(flags.project ?? process.cwd(), { sandbox: flags.sandbox ?? false })
    this.#controllers.push(controller)
    return controller
  }

  /** Starts a run and waits for its end; signals stop it. */
  protected async seeThrough(controller: Controller, request: RunRequest): Promise<RunEnd> {
    return underSignals(await controller.startRun(request), () => controller.close())
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const controller of this.#controllers) await controller.close().catch((cause) => this.#notClosed(cause, error))
    await super.finally(error)
  }

  /** What ended the command (a disk that became full) stands in the way of closing, too, and is told once, with its exit code. */
  async #notClosed(cause: Error, error: Error | undefined): Promise<void> {
    if (!(cause instanceof InputError && error instanceof InputError)) await this.catch(cause)
  }

  /** Writes to stdout and waits where the reader is slower; a reader that went away ends the command quietly. */
  protected async write(text: string): Promise<void> {
    if (process.stdout.write(text)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        process.stdout.off('drain', done).off('close', done)
        resolve()
      }
      process.stdout.on('drain', done).on('close', done)
    })
  }

  /** As `write`; on a terminal that it does not fit, by the user's pager. */
  protected async writePaged(text: string): Promise<void> {
    const fits = text.split('\n').length <= (process.stdout.rows || Number.POSITIVE_INFINITY)
    const wanted = process.stdin.isTTY === true && process.stdout.isTTY === true && !this.argv.includes('--no-pager')
    if (fits || !wanted || process.env['TERM'] === 'dumb' || !(await showByPager(text, process.env)))
      await this.write(text)
  }

  /** As `write`, for many small parts. */
  protected async writeAll(parts: Iterable<string>): Promise<void> {
    for (const chunk of inChunks(parts)) await this.write(chunk)
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    if (error instanceof InputError) {
      this.reportDiagnostics(error.diagnostics)
      this.exit(this.exitOf(error))
    }
    if (error instanceof Errors.ExitError) throw error
    if (error instanceof Errors.CLIError) {
      const { id, args, flags, baseFlags } = this.ctor
      this.reportDiagnostics(usageErrors(error, { id, args, flags: { ...baseFlags, ...flags } }))
      this.exit(EXIT.usage)
    }
    if (error instanceof UnwritableError) {
      const detail = 'What was done is not affected; `till runs show latest` has it.'
      process.stderr.write(`error ${error.message}\n  ${detail}\n`)
      this.exit(EXIT.bug)
    }
    const said = tooManyFiles(error)
    if (said !== undefined) {
      process.stderr.write(`${said}\n`)
      this.exit(EXIT.usage)
    }
    const stack = sourceStack(error.stack ?? error.message)
    process.stderr.write(`This is a fault of Tillwright itself: ${stack}\n`)
    this.exit(EXIT.bug)
  }

  /** The exit code of what stands in the way of a command. */
  protected exitOf(error: InputError): number {
    return error instanceof RunBroken ? EXIT.failed : EXIT.usage
  }

  /**
   * Diagnostics as people or, with `--json`, as programs read them; both say the same. Behind a result that was begun they
   * stand on stderr.
   */
  protected reportDiagnostics(diagnostics: readonly Diagnostic[]): void {
    if (this.#wantsJson()) {
      const output = isStdoutBegun() ? process.stderr : process.stdout
      output.write(jsonPage({ schema: 'till.diagnostics/1', diagnostics }))
      return
    }
    this.sayBeside(diagnostics)
  }

  /** Diagnostics as people read them, on stderr: beside an answer, whatever that is written as. */
  protected sayBeside(diagnostics: readonly Diagnostic[]): void {
    const color = process.stderr.isTTY === true && !process.env['NO_COLOR']
    process.stderr.write(`${formatDiagnostics(diagnostics, { color, textOf })}\n`)
  }

  /** A command line that does not parse has no flags yet; behind two dashes stands somebody else's command. */
  #wantsJson(): boolean {
    const end = this.argv.indexOf('--')
    return this.argv.slice(0, end < 0 ? undefined : end).includes('--json')
  }
}

function textOf(file: string): string | undefined {
  try {
    const text = readRegular(resolve(file), MOST_BYTES.yaml).toString('utf8')
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
