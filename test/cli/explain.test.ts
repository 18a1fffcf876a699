import { afterAll, describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/core/explain-error.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

describe('till explain', () => {
  const nowhere = new TestProject({})
  afterAll(() => nowhere.remove())

  it('explains a code, in any case, without a repository', async () => {
    const { code, stdout, stderr } = await nowhere.till('explain', 'host-key-mismatch')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const part of ['HOST_KEY_MISMATCH', 'What happened', 'Why, usually', 'What to do', 'Exit code\n  5,']) {
      expect(stdout).toContain(part)
    }
  })

  it('lists all codes, and gives all of them as JSON', async () => {
    const table = await nowhere.till('explain')
    for (const code of ERROR_CODES) expect(table.stdout).toContain(`\n${code} `)
    const { stdout } = await nowhere.till('explain', '--json')
    const document = JSON.parse(stdout)
    expect(errorsOf('errors', document)).toEqual([])
    expect(document.errors.map(({ code }: { code: string }) => code)).toEqual(ERROR_CODES)
  })

  it.each([
    ['HOST_KEY_MISMTCH', 'did you mean "HOST_KEY_MISMATCH"?'],
    ['hostkey', 'did you mean "HOST_KEY_UNKNOWN" or "HOST_KEY_MISMATCH"?'],
    ['SSH_HANDSHAKE', '`till explain` lists all of them.'],
    ['', '`till explain` lists all of them.'],
  ])('says what is near a wrong code: "%s"', async (wrong, says) => {
    const { code, stdout, stderr } = await nowhere.till('explain', wrong)
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(says) })
    const json = await nowhere.till('explain', wrong, '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ diagnostics: [{ code: 'USAGE_INVALID' }] })
  })
})
