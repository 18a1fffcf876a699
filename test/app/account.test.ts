import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { accountName } from '../../src/app/run/account.ts'

test('who runs it is told by name', () => {
  expect(accountName()).toBe(userInfo().username)
})

test('an account without a name, as in a container, is told by its number', () => {
  const module = fileURLToPath(new URL('../../src/app/run/account.ts', import.meta.url))
  const script = `import { accountName } from ${JSON.stringify(module)}; console.log(accountName())`
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '--eval', script]
  const text = execFileSync('unshare', ['--user', '--map-user=54321', ...node], { encoding: 'utf8' })
  expect(text.trim()).toBe('uid 54321')
})
