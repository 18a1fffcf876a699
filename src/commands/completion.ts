import { Args } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { COMPLETION_SCRIPTS, COMPLETION_SHELLS, type CompletionShell } from '../cli/completion/scripts.ts'

export default class Completion extends BaseCommand {
  static override summary = 'Print the script by which a shell completes till: commands, flags, and names of the fleet.'
  static override description =
    `Completes devices, stores, regions, runbooks, runs and error codes, too. Names of the fleet come from the compiled inventory,
which every command that reads the inventory brings up to date.`
  static override examples = [
    {
      description: 'bash, for good',
      command: '<%= config.bin %> completion bash > ~/.local/share/bash-completion/completions/till',
    },
    { description: 'bash, in this shell only', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'zsh', command: '<%= config.bin %> completion zsh > "$' + '{fpath[1]}/_till"' },
    { description: 'fish', command: '<%= config.bin %> completion fish > ~/.config/fish/completions/till.fish' },
  ]
  static override args = {
    shell: Args.string({ required: true, description: 'which shell', options: [...COMPLETION_SHELLS] }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    await this.write(COMPLETION_SCRIPTS[args.shell as CompletionShell])
  }
}
