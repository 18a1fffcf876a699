import type { RunStarter } from '../app/run/run-request.ts'
import { controllerOf } from '../controller/controller.ts'
import { underSignals } from './interrupts.ts'

/** Starts a run of a repository that somebody else has opened, in a controller of its own, and sees it through. */
export const startInTerminal: RunStarter = async (request) => {
  const controller = controllerOf(request.project)
  return underSignals(await controller.startRun(request), () => controller.close())
}
