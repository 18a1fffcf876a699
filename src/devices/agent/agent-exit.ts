/** How a change of the agent ended, as an exit code or a number; 0 is well. */
export const AGENT_EXIT = { refused: 81, moved: 82, unwritten: 84, package: 86, service: 87, silent: 88 } as const
