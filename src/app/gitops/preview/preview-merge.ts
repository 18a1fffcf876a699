import type { Fleet } from '../../../core/fleet.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import type { Project } from '../../project.ts'
import { type Selection, selectDevices } from '../../revision/selection.ts'
import { sandboxFleet } from '../../sandbox/sandbox-overlay.ts'
import { openSides } from './open-sides.ts'
import type { Preview } from './preview-view.ts'
import { differenceOf, type NamedRunbook } from './preview-work.ts'
import { sampleDevices } from './sample-devices.ts'

export interface PreviewRequest {
  /** The revision that would be merged. */
  readonly against: string
  readonly named?: NamedRunbook | undefined
  readonly selection: Selection
  /** At most so many devices are looked at. Default: all. */
  readonly sample?: number | undefined
  /** What the lot is drawn by. Default: the tree of the merge. */
  readonly seed?: string | undefined
  readonly sandbox: boolean
}

/** A preview, and what is to be looked at for it. */
export interface PreviewWork {
  readonly preview: Preview
  readonly fleet: Fleet
  /** The folder in which the runbooks of `work` lie as they would be. */
  readonly root: string
  readonly work: readonly DeviceWork[]
}

/** What a merge of `against` would change, on paper and, for a sample, on devices. Throws InputError. */
export async function previewMerge(project: Project, request: PreviewRequest): Promise<PreviewWork> {
  const { against, named, selection, sample, sandbox } = request
  const sides = await openSides(project, { ref: against })
  const { base, merged, tip, commits } = sides
  const difference = await differenceOf(sides, named)
  const fleet = sandbox ? await sandboxFleet(merged.fleet, project.paths.sandbox) : merged.fleet
  const chosen = new Set(
    (await selectDevices(fleet, selection, { store: () => project.store() })).map(({ name }) => name),
  )
  // In a sandbox a device is at another place, and does not exist unless it is served there.
  const able = difference.work.flatMap(({ device, runbooks }) => {
    const served = fleet.devices.get(device.name)
    return served && chosen.has(device.name) ? [{ device: served, runbooks }] : []
  })
  const seed = request.seed ?? merged.tree.slice(0, 12)
  const devices = new Set(
    sampleDevices(
      able.map(({ device }) => device),
      sample ?? able.length,
      seed,
    ),
  )
  const work = able.filter(({ device }) => devices.has(device))
  const preview = { against, base: base.commit, tip, commits, difference, seed }
  return {
    preview: { ...preview, plannable: able.length, looked: work.length },
    fleet,
    root: merged.project.root,
    work,
  }
}
