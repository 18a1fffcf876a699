import { success } from '../../src/core/failure.ts'
import type { Module } from '../../src/core/module.ts'
import { defineModule } from '../../src/modules/define.ts'

/** How a change of a cell goes. */
export const FATES = ['well', 'fails', 'fails after', 'stubborn', 'hangs', 'hangs cleanly'] as const
export type Fate = (typeof FATES)[number]

/** A device made of cells: what a change does to other cells, and how it goes, is in its parameters. It logs what it does. */
export const cell = defineModule({
  name: 'cell',
  summary: 'a file with one word in it',
  systems: ['linux'],
  reacts: true,
  params: {
    type: 'object',
    required: ['root', 'id', 'cell', 'desiredValue', 'fate'],
    properties: {
      root: { type: 'string' },
      id: { type: 'string' },
      cell: { type: 'string' },
      desiredValue: { type: 'string' },
      fate: { enum: FATES },
      /** Another cell that the change writes, too. */
      spoils: { type: 'string' },
      proven: { type: 'boolean' },
      checks: { type: 'boolean' },
      /** Taken for a failure here, whatever the device says. */
      misjudged: { type: 'boolean' },
      /** Says that it has begun, and takes two seconds. */
      slow: { type: 'boolean' },
    },
  },
  onlyChecks: ({ checks }) => checks === true,
  async observe({ shell }, { root, cell: name }) {
    const script = 'found=$(cat "$root/$name" 2>/dev/null); printf %s "$found"'
    return success((await shell.ask({ script, values: { root, name } })).text)
  },
  diff: ({ desiredValue }, state, { triggered }) => [
    ...(state === desiredValue ? [] : [{ path: 'cell', before: state, after: desiredValue }]),
    ...(triggered ? [{ path: 'again', before: null, after: desiredValue, once: true }] : []),
  ],
  value: (state) => state,
  async converge({ shell }, { root, id, cell: name, desiredValue, fate, spoils, misjudged, slow }) {
    const script = `echo "$id" >>"$root/log"
if [ "$slow" = true ]; then echo begun; sleep 2; fi
case $fate in
  fails) exit 1 ;;
  hangs) sleep 30 ;;
esac
if [ "$fate" != stubborn ]; then printf %s "$desired" >"$root/$name"; fi
if [ -n "$spoils" ]; then printf %s "$id" >"$root/$spoils"; fi
case $fate in
  'fails after') exit 1 ;;
  'hangs cleanly') trap 'exit 0' TERM; sleep 30 ;;
esac`
    const answer = await shell.ask({
      script,
      values: { root, id, name, desired: desiredValue, fate, spoils: spoils ?? '', slow: slow ?? false },
    })
    if (answer.exitCode === 0 && !misjudged) return success(undefined)
    return { ok: false, failure: { code: 'CONVERGE_FAILED', phase: 'converge', message: `${answer.exitCode}` } }
  },
  proof: ({ desiredValue, proven }) =>
    proven ? { test: '[ "$found" = "$desired" ]', values: { desired: desiredValue } } : undefined,
})

/** The same module, of whose changes a device cannot tell whether they came about. */
export function unproven(module: Module): Module {
  return {
    ...module,
    async observe(...args) {
      const seen = await module.observe(...args)
      if (!seen.ok) return seen
      const { proof: _, ...observation } = seen.value
      return success(observation)
    },
  }
}
