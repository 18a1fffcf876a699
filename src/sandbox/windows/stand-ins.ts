import type { DeviceAnswer, ExchangeAsk } from '../../shell/powershell-device.ts'
import { AGENT_STAND_INS } from './agent-stand-ins.ts'
import { Given, notImitated, type StandIn, Stop } from './answering.ts'
import { COLLECT_STAND_INS } from './collect-stand-ins.ts'
import { FILE_STAND_INS } from './file-stand-ins.ts'
import { GUARD_STAND_INS } from './guard-stand-ins.ts'
import { LINE_STAND_INS } from './line-stand-ins.ts'
import { LOOK_STAND_INS } from './look-stand-ins.ts'
import { PACKAGE_STAND_INS } from './package-stand-ins.ts'
import { PROOF_STAND_INS } from './proof-stand-ins.ts'
import { RECEIPTS_STAND_INS } from './receipts-stand-ins.ts'
import { REGISTRY_STAND_INS } from './registry-stand-ins.ts'
import { RUN_STAND_INS } from './run-stand-ins.ts'
import { SERVICE_STAND_INS } from './service-stand-ins.ts'
import { SPOOLER_STAND_INS } from './spooler-stand-ins.ts'
import { SYSTEM_STAND_INS } from './system-stand-ins.ts'
import type { WindowsMachine } from './windows-machine.ts'

/** What stands in for each script that is shipped, by its name. */
export const STAND_INS: ReadonlyMap<string, StandIn> = new Map(
  [
    AGENT_STAND_INS,
    COLLECT_STAND_INS,
    SERVICE_STAND_INS,
    PROOF_STAND_INS,
    FILE_STAND_INS,
    GUARD_STAND_INS,
    LINE_STAND_INS,
    LOOK_STAND_INS,
    PACKAGE_STAND_INS,
    RECEIPTS_STAND_INS,
    REGISTRY_STAND_INS,
    RUN_STAND_INS,
    SPOOLER_STAND_INS,
    SYSTEM_STAND_INS,
  ].flatMap((some) => Object.entries(some)),
)

/** Does what a script does, and answers as it does: an error is on stderr, with exit code 1 unless it says another. */
export async function standIn(machine: WindowsMachine, ask: ExchangeAsk): Promise<DeviceAnswer> {
  const act = STAND_INS.get(ask.name)
  if (!act) {
    const isOwn = ask.name.startsWith('adhoc.')
    return notImitated(isOwn ? 'it has no PowerShell to run a script.' : `it does not know "${ask.name}".`)
  }
  try {
    return await act(machine, new Given(ask.values))
  } catch (error) {
    return { exitCode: error instanceof Stop ? error.exitCode : 1, stderr: (error as Error).message }
  }
}
