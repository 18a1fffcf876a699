import { fail } from '../core/failure.ts'
import type { ModuleContext } from '../core/module.ts'

/** The failure of a step that says something which only Windows has, on another system; undefined when all is well. */
export function windowsOnly<P extends object>(
  { device }: ModuleContext,
  params: P,
  names: readonly (keyof P & string)[],
): ReturnType<typeof fail> | undefined {
  const strange = names.find((name) => params[name] !== undefined)
  if (strange === undefined) return undefined
  const message = `\`${strange}\` is for Windows; "${device.name}" runs ${device.os.family}.`
  return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
}
