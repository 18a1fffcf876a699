import { CommandHelp, Help } from '@oclif/core'

/** The line of usage: arguments, and flags that are needed. Which others there are, and which go together, stands below it. */
class ShortUsage extends CommandHelp {
  protected override defaultUsage(): string {
    const flags = Object.values(this.command.flags ?? {})
    const needed = flags.filter(({ required, hidden }) => required && !hidden)
    const written = needed.map((flag) => `--${flag.name} ${(flag.type === 'option' && flag.helpValue) || 'VALUE'}`)
    return [super.defaultUsage(), ...written, '[FLAGS]'].join(' ')
  }
}

export default class TillHelp extends Help {
  protected override CommandHelpClass = ShortUsage
}
