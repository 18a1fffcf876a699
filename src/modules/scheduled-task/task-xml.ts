import type { JsonObject, JsonValue } from '../../core/json.ts'

export interface TaskParams {
  readonly name: string
  readonly state?: 'present' | 'absent'
  readonly program?: string
  readonly arguments?: string
  readonly folder?: string
  readonly daily?: string
  readonly days?: readonly string[]
  readonly every_minutes?: number
  readonly at_start?: true
  readonly account?: 'SYSTEM' | 'LOCAL SERVICE' | 'NETWORK SERVICE'
  readonly enabled?: boolean
  readonly limit_minutes?: number
}

export interface TaskState {
  readonly exists: boolean
  /** In the words of the parameters, as far as they have words for it. */
  readonly task: JsonObject
  readonly lastResult: number | null
  readonly nextRun: string | null
}

const SIDS = { SYSTEM: 'S-1-5-18', 'LOCAL SERVICE': 'S-1-5-19', 'NETWORK SERVICE': 'S-1-5-20' } as const
const DAYS = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
}

/** A task in the form of MS-TSCH 2.5 (schema of 2004/02/mit/task). */
export function taskXml(params: TaskParams): string {
  const { program = '', arguments: line, folder, account = 'SYSTEM', limit_minutes = 60 } = params
  const more = [
    ...(line ? [`<Arguments>${escaped(line)}</Arguments>`] : []),
    ...(folder ? [`<WorkingDirectory>${escaped(folder)}</WorkingDirectory>`] : []),
  ]
  return [
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    `<Triggers>${triggerXml(params)}</Triggers>`,
    `<Principals><Principal id="Author"><UserId>${SIDS[account]}</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>`,
    '<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    `<StartWhenAvailable>true</StartWhenAvailable><ExecutionTimeLimit>PT${limit_minutes}M</ExecutionTimeLimit></Settings>`,
    `<Actions Context="Author"><Exec><Command>${escaped(program)}</Command>${more.join('')}</Exec></Actions></Task>`,
  ].join('')
}

function triggerXml({ daily, days, every_minutes, at_start }: TaskParams): string {
  if (at_start) return '<BootTrigger/>'
  if (every_minutes !== undefined) {
    const again = `<Repetition><Interval>PT${every_minutes}M</Interval></Repetition>`
    return `<TimeTrigger>${again}<StartBoundary>2000-01-01T00:00:00</StartBoundary></TimeTrigger>`
  }
  const start = `<StartBoundary>2000-01-01T${daily}:00</StartBoundary>`
  if (!days)
    return `<CalendarTrigger>${start}<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger>`
  const names = days.map((day) => `<${DAYS[day as keyof typeof DAYS]}/>`).join('')
  const week = `<ScheduleByWeek><WeeksInterval>1</WeeksInterval><DaysOfWeek>${names}</DaysOfWeek></ScheduleByWeek>`
  return `<CalendarTrigger>${start}${week}</CalendarTrigger>`
}

/** What the fragment `scheduled-task.proof` holds against the XML, in the words that stand there; empty: there is none. */
export function desiredXml(params: TaskParams): Readonly<Record<string, string | number>> {
  const { program = '', arguments: line = '', folder = '', account = 'SYSTEM', limit_minutes = 60 } = params
  const { daily = '', days = [], every_minutes = 0, at_start } = params
  const ours = Object.entries(DAYS).filter(([day]) => days.includes(day))
  return {
    want_program: program.trim(),
    want_arguments: line.trim(),
    want_folder: folder.trim(),
    want_account: account,
    want_sid: SIDS[account],
    want_minutes: limit_minutes,
    want_trigger: at_start ? 'BootTrigger' : every_minutes > 0 ? 'TimeTrigger' : 'CalendarTrigger',
    want_every: every_minutes,
    want_time: daily,
    want_days: ours.map(([, day]) => day).join(' '),
  }
}

/**
 * A task in the words of the parameters. A trigger that they have no words for is `{ other: NAMES }`, and so is one with
 * something in it that decides whether or when it starts the task.
 */
export function taskOf(xml: string): JsonObject | undefined {
  const command = inside(xml, 'Command')
  if (command === undefined) return undefined
  const sid = inside(xml, 'UserId') ?? ''
  const known = Object.entries(SIDS).find(([name, value]) => value === sid || name === sid.toUpperCase())
  const limit = durationMinutes(inside(xml, 'ExecutionTimeLimit') ?? 'P3D')
  return {
    program: command,
    arguments: inside(xml, 'Arguments') ?? '',
    folder: inside(xml, 'WorkingDirectory') ?? '',
    account: known?.[0] ?? sid,
    limit_minutes: limit,
    trigger: triggerOf(inside(xml, 'Triggers', false) ?? ''),
    actions: [...(inside(xml, 'Actions', false) ?? '').matchAll(/<(?:Exec|ComHandler|SendEmail|ShowMessage)\b/g)]
      .length,
  }
}

function triggerOf(xml: string): JsonValue {
  const names = [...xml.matchAll(/<([A-Za-z]*Trigger)\b/g)].map((found) => found[1] ?? '')
  const [name] = names
  const start = inside(xml, 'StartBoundary') ?? ''
  const more = limitsOf(xml)
  if (names.length !== 1 || more.length > 0) return { other: [...names, ...more] }
  if (name === 'BootTrigger') return { at_start: true }
  const interval = durationMinutes(inside(xml, 'Interval') ?? '')
  if (interval !== null) return name === 'TimeTrigger' ? { every_minutes: interval } : { other: names }
  return (name === 'CalendarTrigger' ? calendarOf(xml, start) : undefined) ?? { other: names }
}

function calendarOf(xml: string, start: string): JsonObject | undefined {
  // "Synchronise across time zones": an hour that moves with the season.
  if (/(Z|[+-]\d\d:\d\d)$/.test(start)) return { other: ['CalendarTrigger', `StartBoundary=${start}`] }
  const daily = start.slice(11, 16)
  const days = Object.entries(DAYS).filter(([, day]) => new RegExp(`<${day}\\s*/>`).test(xml))
  if (days.length === 0) return /<DaysInterval>1</.test(xml) ? { daily } : undefined
  const isWeekly = /<ScheduleByWeek\b/.test(xml) && (inside(xml, 'WeeksInterval') ?? '1') === '1'
  return isWeekly ? { daily, days: days.map(([day]) => day) } : undefined
}

/** MS-TSCH 2.5.3 (triggerBaseType, Repetition): switched off, with an end, or at random. */
function limitsOf(xml: string): string[] {
  const isOff = /<Enabled>\s*(false|0)\s*<\/Enabled>/.test(xml)
  const found = ['EndBoundary', 'Duration', 'RandomDelay'].filter((name) => inside(xml, name) !== undefined)
  return [...(isOff ? ['Enabled=false'] : []), ...found.map((name) => `${name}=${inside(xml, name)}`)]
}

/** `PT90M`, `PT1H30M`, `P3D` in minutes; null for anything else. */
function durationMinutes(text: string): number | null {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)
  if (!found || text.length < 3) return null
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0))
  return days * 1440 + hours * 60 + minutes + seconds / 60
}

/** The text of the first element of a name. */
function inside(xml: string, name: string, isText = true): string | undefined {
  const found = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`).exec(xml)?.[1]
  return isText ? found && unescaped(found.trim()) : found
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function unescaped(text: string): string {
  const named = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'")
  return named.replaceAll('&amp;', '&')
}
