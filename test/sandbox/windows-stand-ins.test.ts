import { expect, test } from 'vitest'
import '../../src/devices/guard/windows-tests.ts'
import { MODULES } from '../../src/modules/index.ts'
import '../../src/modules/user/powershell-text.ts'
import { STAND_INS } from '../../src/sandbox/windows/stand-ins.ts'
import { shippedFragments } from '../../src/shell/powershell-fragment.ts'

/** Scripts that the sandbox says it does not know, each with a reason in docs/sandbox.md. */
const NOT_IMITATED: readonly string[] = []

test('every script that a module ships has a stand-in, or is known to have none', () => {
  expect(MODULES.length).toBeGreaterThan(10)
  const missing = [...shippedFragments().keys()].filter((name) => !STAND_INS.has(name))
  expect(missing).toEqual(NOT_IMITATED)
})
