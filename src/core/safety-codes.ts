interface SafetyEntry {
  readonly title: string
  readonly advice: string
  /** What people found when they looked. */
  readonly cause: string
}

function entry(title: string, cause: string, advice: string): SafetyEntry {
  return { title, cause, advice }
}

/** Safety said later, or no. */
export const SAFETY = {
  WINDOW_CLOSED: entry(
    'The device may not be changed at this time',
    'The policy lets changes begin in certain windows only, and this change would not be done before the window ends.',
    'Wait for its next window (`till why DEVICE` says when that is), or choose another window in the policy.',
  ),
  FREEZE_ACTIVE: entry(
    'Nothing may be changed during a freeze',
    'Somebody has entered a time without changes, as before holidays.',
    'Wait for its end. What cannot wait is done with --break-glass "why", which is recorded.',
  ),
  HOLD_ACTIVE: entry(
    'Somebody asked not to touch the device',
    'A technician is at work there, or a case is being looked into.',
    'Ask the person who is named, or wait for the end.',
  ),
  GUARD_CLOSED: entry(
    'The device is in use',
    'A guard of the policy found a receipt open, a payment in flight, a person logged in, or whatever else it looks out for.',
    'Wait until it is over: --wait 10m looks again until then.',
  ),
  GUARD_UNKNOWN: entry(
    'Whether the device is in use could not be told',
    'A guard of the policy could not be asked, or its answer was not understood. What is not known holds a change back.',
    'See what the guard says; `guards` of tillwright.yaml is where it is asked.',
  ),
  WARNING_WAITING: entry(
    'People at the device were warned, and have time',
    'The policy has people warned before a change (`warnings` of tillwright.yaml), and the time that they were told is not over, or they said "not now".',
    'Wait: the run goes on by itself, unless it was stopped; then `till resume` goes on with it.',
  ),
  WARNING_DECLINED: entry(
    'People at the device said "not now" as often as that is heeded',
    'A warning of the policy (`warnings` of tillwright.yaml) has a limit, and says that the change is deferred behind it.',
    'Talk to the store, or wait for a better time; `till resume` asks them anew.',
  ),
  WARNING_MISSED: entry(
    'People at the device were told several times, and nothing came of it',
    'Each time something else (a guard, devices in progress) held the change back for longer than `holds` of the warning; people would not heed it any more.',
    'See with `till runs show` what held it back; `till resume` warns them anew.',
  ),
  WARNING_FAILED: entry(
    'People at the device could not be warned',
    'The command of a warning (`warnings` of tillwright.yaml) is not there, ended with an exit code that means nothing to the policy, or hung.',
    'See what it says, and mend it on the device or in tillwright.yaml; then `till resume`.',
  ),
  CAP_REACHED: entry(
    'As many devices are out as may be at once',
    'Other devices are being changed, or were left out by a change that failed.',
    'Wait for those in progress. What was left out by a failure must be mended first.',
  ),
  DEPENDENCY_BUSY: entry(
    'What the device depends on, or what depends on it, is being changed',
    'A router is not changed while something behind it is, nor the other way round.',
    'Wait; it goes on once the other is done.',
  ),
  LAST_WORKING: entry(
    'Too few devices of its group would go on working',
    'The others of the store are out, or nobody has seen them working lately.',
    'Mend or look at the others (`till plan`), or wait until the store is closed.',
  ),
  QUEUE_BEHIND: entry(
    'Another device waits for the same place and comes first',
    'A device that takes more with it, such as a router, would never get its turn otherwise.',
    'Wait; it goes as soon as the one before it is done.',
  ),
  WAVE_WAITING: entry(
    'The wave of the device has not begun',
    'The waves before it are not done, or what they changed is still being watched.',
    'Wait; it goes on once the wave before it has passed.',
  ),
  WAVE_UNRELEASED: entry(
    'Somebody must say that the run goes on',
    'The policy has a pause behind this wave, or nothing in it was proven.',
    'Look at the devices of the wave, then release it.',
  ),
  WAVE_STOPPED: entry(
    'Too many devices of the wave failed',
    'The change does not work on these devices, or something else went wrong at the same time.',
    'Look at what failed. Release the run to go on, or abort it.',
  ),
  MAX_FAILURES_REACHED: entry(
    'Too many devices of the run failed',
    'The change does not work, or something else went wrong at the same time.',
    'Look at what failed, mend it, and run again.',
  ),
  RUN_PAUSED: entry('The run is paused', 'Somebody has paused it.', 'Ask the person who is named, or let it go on.'),
  RUN_ROLLED_BACK: entry(
    'The run, or a wave of it that failed, was taken back',
    'Its policy says so (`rollback.automatic`), or somebody said `till rollback`: what it has brought is no longer there.',
    'Mend what failed, then start a new run; what could not be taken back: `till resume` of the run that does it. What is left of a run that somebody took back is done by `till resume` with its id.',
  ),
  RUN_ABORTED: entry('The run was aborted', 'Somebody has stopped it for good.', 'Start a new run for what is left.'),
  BREAKER_OPEN: entry(
    'The breaker is open: nothing new is changed',
    'Many devices failed within a short time, over all runs.',
    'Find out what they have in common. Somebody who may do so closes the breaker.',
  ),
  APPROVAL_MISSING: entry(
    'The run waits for an approval',
    'The policy wants other people to agree before something is changed.',
    'Somebody else approves it.',
  ),
  APPROVAL_EXPIRED: entry(
    'The approval has expired or was refused',
    'It was not given, or not used, in time; or somebody said no.',
    'Start the run again and ask anew.',
  ),
  APPROVAL_UNFIT: entry(
    'This approval cannot be given',
    'Policy wants four eyes, the person has approved before, or it is over.',
    'Somebody else approves, or the run is started again.',
  ),
  RUN_TOO_LARGE: entry(
    'The run is about more devices than its policy allows',
    'A repair mends few devices; what is meant for many is a rollout.',
    'Select fewer devices, or run it as a rollout.',
  ),
  ROLLBACK_STOPPED: entry(
    'Rollbacks of the run were stopped',
    'Several devices could not be brought back, so that trying more of them would do harm.',
    'Look at those that failed, and bring the others back by hand or by another runbook.',
  ),
  ROLLBACK_WAITING: entry(
    'As many devices are rolled back as may be at once',
    'The budget of rollbacks is for a few at a time.',
    'Wait; it goes on once one of them is done.',
  ),
  BACK_WAITING: entry(
    'Many stores are back at once',
    'A line that was down for many stores works again, and all of them want what they missed.',
    'Wait; they are served in turn.',
  ),
  GLASS_REFUSED: entry(
    'A hook cannot break the glass',
    'A freeze is only broken by a person who says why.',
    'Run it on a terminal with --break-glass "why".',
  ),
} as const satisfies Readonly<Record<string, SafetyEntry>>

/** What a device says of itself holds it back. */
export const GUARD_CODES: ReadonlySet<string> = new Set<keyof typeof SAFETY>(['GUARD_CLOSED', 'GUARD_UNKNOWN'])
