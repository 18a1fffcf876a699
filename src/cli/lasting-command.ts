import { type InputError, NotNow } from '../core/diagnostic.ts'
import { EXIT } from '../core/outcome.ts'
import { BaseCommand } from './base-command.ts'

/** A command that lasts until it is stopped. Whoever keeps it running tells by the exit code whether to start it again. */
export abstract class LastingCommand extends BaseCommand {
  protected override exitOf(error: InputError): number {
    return error instanceof NotNow ? EXIT.failed : super.exitOf(error)
  }
}
