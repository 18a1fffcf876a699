import type { Change } from '../../core/change.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { packageFile } from '../../devices/package/package-file.ts'
import { converged, finishMsi, installMsi, MSI_SUCCESS, secretProperty } from '../../devices/package/windows-install.ts'
import { type FoundPrograms, GONE, OBSERVE, type Product, REMOVE } from '../../devices/package/windows-installer.ts'
import { askJson, proofBy } from '../../shell/powershell-ask.ts'
import type { Side } from '../define.ts'
import type { PackageParams, State } from './package-state.ts'

/** An installation needs several questions and an upload; the removal of one product is one. */
export const onWindows: Side<PackageParams, State> = {
  observe,
  converge,
  sends: (_params, changes, { file }) => (file && changes.some(({ path }) => path !== 'unfinished') ? [file] : []),
  proof: (params, _changes, { products = [], unfinished }) =>
    params.state === 'absent' && !unfinished && products.length === 1 && products[0]?.msi && products[0].user === ''
      ? proofBy(GONE, undefined)
      : undefined,
}

async function observe({ shell, device }: ModuleContext, params: PackageParams): Promise<Result<State>> {
  if (params.hold !== undefined) {
    const message = `\`hold\` is not for Windows, which upgrades no packages by itself; "${device.name}" runs windows.`
    return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
  }
  const secret = secretProperty(params.properties)
  if (secret) return fail(secret)
  const asking = askJson<FoundPrograms>(shell, OBSERVE, { values: { name: params.name } }, 'Reading the programs')
  const [found, file] = await Promise.all([asking, params.file && packageFile(params.file)])
  if (!found.ok) return found
  if (file && !file.ok) return file
  const { products, unfinished } = found.value
  const installed = products
    .filter(({ user }) => user === '' || params.state === 'absent')
    .map(({ version }) => version)
  return success({
    manager: 'msi',
    broken: false,
    installed,
    products,
    unfinished,
    ...(file && { file: file.value }),
  })
}

async function converge(
  context: ModuleContext,
  params: PackageParams,
  changes: readonly Change[],
  state: State,
): Promise<Result<void>> {
  const finished = state.unfinished ? await finishMsi(context.shell, params.name) : undefined
  if (finished?.ok === false || changes.every(({ path }) => path === 'unfinished'))
    return finished ?? success(undefined)
  if (params.state === 'absent') return remove(context, state.products ?? [])
  if (!state.file) {
    const message = `There is no package source on Windows: "${params.name}" needs a \`file\` of the repository.`
    return fail({ code: 'PARAMS_INVALID', phase: 'converge', message })
  }
  return installMsi(context.shell, params, state.file)
}

async function remove({ shell }: ModuleContext, products: readonly Product[]): Promise<Result<void>> {
  const foreign = products.find(({ msi }) => !msi)
  if (foreign) {
    const message = `"${foreign.name}" was not installed by Windows Installer, so nobody knows how to remove it without asking.`
    return fail({
      code: 'CONVERGE_FAILED',
      phase: 'converge',
      message,
      hint: 'Remove it with `command` and its own uninstaller.',
    })
  }
  const own = products.find(({ user }) => user !== '')
  if (own) {
    const message = `"${own.name}" is installed for the account ${own.user} alone, and nobody else can remove it.`
    const hint = 'Have it removed by that account, or with `command` and its own uninstaller.'
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message, hint })
  }
  for (const { code, name } of products) {
    const question = { values: { code }, whole: true }
    const done = await askJson<{ code: number }>(shell, REMOVE, question, `The removal of "${name}"`)
    if (!done.ok) return fail(converged(done.failure, `The removal of "${name}"`))
    if (MSI_SUCCESS.includes(done.value.code)) continue
    const message = `msiexec ended with ${done.value.code} when it removed "${name}".`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message, evidence: { exit_code: done.value.code } })
  }
  return success(undefined)
}
