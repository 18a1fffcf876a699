import { resolve } from 'node:path'
import type { Device, Fleet } from '../../../core/fleet.ts'
import type { JsonValue } from '../../../core/json.ts'
import { blameLine, type LineOrigin } from '../../../gitops/blame-line.ts'
import { formatTable, type TableColumn } from '../../../reporters/table.ts'
import type { Project } from '../../project.ts'
import { shownPath } from '../../shown-path.ts'
import { missingTool } from '../of-this-machine.ts'
import { wantedPlaces } from './wanted-places.ts'

/** A place that says what a step wants, and who wrote it. */
export interface Blamed {
  readonly what: string
  readonly value: JsonValue
  readonly level: string | null
  readonly file: string
  readonly line: number
  /** Null where git does not know the file. */
  readonly origin: LineOrigin | null
}

/** What `till blame DEVICE STEP` answers (till.blame/1). Throws InputError. */
export async function blameStep(
  project: Project,
  asked: { readonly fleet: Fleet; readonly device: Device; readonly step: string },
) {
  const { runbook, step, places } = await wantedPlaces(project, asked)
  const wanted: Blamed[] = []
  for (const { what, value, level = null, source } of places) {
    const { line } = source
    const file = resolve(source.file)
    wanted.push({ what, value, level, file: shownPath(file), line, origin: await originOf(project.root, file, line) })
  }
  // What was written last explains best why the device differs now.
  wanted.sort((a, b) => timeOf(b) - timeOf(a))
  return { schema: 'till.blame/1', device: asked.device.name, runbook, step, wanted } as const
}

async function originOf(root: string, file: string, line: number): Promise<LineOrigin | null> {
  try {
    return (await blameLine(root, file, line)) ?? null
  } catch (error) {
    throw missingTool(error) ?? error
  }
}

function timeOf({ origin }: Blamed): number {
  if (origin === null) return 0
  return origin.commit === null ? Number.POSITIVE_INFINITY : Date.parse(origin.at)
}

const COMMIT_SHOWN = 12
const COLUMNS: readonly TableColumn<Blamed>[] = [
  { title: 'WHAT', value: ({ what }) => what, whole: true },
  { title: 'VALUE', value: ({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)), flexible: true },
  { title: 'WHERE', value: ({ file, line }) => `${file}:${line}`, inFull: true },
  { title: 'LEVEL', value: ({ level }) => level ?? '', inFull: true },
  { title: 'COMMIT', value: ({ origin }) => commitText(origin), whole: true },
  { title: 'WHEN', value: ({ origin }) => (origin?.commit ? origin.at.slice(0, 10) : ''), whole: true },
  { title: 'BY', value: ({ origin }) => (origin?.commit ? origin.author : ''), flexible: true },
  { title: 'WHY', value: ({ origin }) => (origin?.commit ? origin.summary : ''), flexible: true },
]

function commitText(origin: LineOrigin | null): string {
  if (origin === null) return 'not in git'
  return origin.commit === null ? 'not committed' : origin.commit.slice(0, COMMIT_SHOWN)
}

/** The same for people, what was written last first. */
export function blameText(
  { wanted, device, runbook, step }: Awaited<ReturnType<typeof blameStep>>,
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  const lines = formatTable(wanted, COLUMNS, options)
  return `${[`What ${runbook}/${step} wants of ${device}:`, ...lines].join('\n')}\n`
}
