import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BOOTSTRAP_CHARS, encodedCommand, scriptVariables } from '../../src/shell/encoded-command.ts'
import { readScriptLine, scriptLine } from '../../src/shell/script-form.ts'

test('the longest bootstrap that is promised fits on a command line, a longer one is refused here', () => {
  expect(encodedCommand('x'.repeat(BOOTSTRAP_CHARS), { legacy: true }).length).toBeLessThanOrEqual(8_000)
  expect(() => encodedCommand('x'.repeat(BOOTSTRAP_CHARS + 100))).toThrow('does not fit')
})

test('a bootstrap is UTF-16 in base64', () => {
  const [, encoded = ''] = /-EncodedCommand (\S+)$/.exec(encodedCommand("Write-Output 'zażółć'")) ?? []
  expect(Buffer.from(encoded, 'base64').toString('utf16le')).toBe("Write-Output 'zażółć'")
})

test('any script comes back from its variables, none of which is too long or has a sign that shells expand', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.nat(40), (piece, times) => {
      const noise = Array.from({ length: times }, (_, n) => Math.sin(n * 7.1).toString(36)).join('')
      const script = Buffer.from(piece + noise.repeat(times)).toString('utf8')
      const variables = scriptVariables(scriptLine(script, 'packed'))
      const names = Object.keys(variables)
      expect(names).toEqual(names.map((_, n) => `TILL_${n + 1}`))
      for (const value of Object.values(variables)) expect(value).toMatch(/^[A-Za-z0-9+/=]{1,30000}$/)
      const packed = names.map((name) => variables[name]).join('')
      expect(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')).toBe(script)
    }),
  )
})

test('a large script takes several variables', () => {
  const script = randomBytes(60_000).toString('hex')
  expect(Object.keys(scriptVariables(scriptLine(script, 'packed'))).length).toBeGreaterThan(2)
})

test('a plain script is a line of printable ASCII without %, which reads as before', () => {
  const words = fc.array(
    fc.constantFrom('_x', '_X0041_', '_', 'x005F_', '%PATH%', '\n', '\r', '\0', 'ż', '🧾', '\ud83e', '\t', ' '),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        words.map((all) => all.join('')),
      ),
      (text) => {
        const line = scriptLine(`$x = ${text}`, 'plain')
        expect(line).toMatch(/^[ -$&-~]*$/)
        expect(readScriptLine(line)).toBe(`$x = ${text}`)
      },
    ),
  )
})
