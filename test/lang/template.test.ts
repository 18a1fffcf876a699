// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Scope } from '../../src/core/runbook.ts'
import { runbookVariables } from '../../src/lang/expression.ts'
import { compileTemplate, isTemplated } from '../../src/lang/template.ts'
import { splitTemplate } from '../../src/lang/template-text.ts'

const variables = runbookVariables({ version: 'string' }, ['read'])
const scope: Scope = {
  store: {},
  device: { id: 'pos1' },
  params: { version: '7' },
  vars: { port: 8080, on: true, list: ['a', 'b'], map: { a: 1 }, nothing: null, pin: { secret: 'env:PIN' } },
  steps: { read: { state: 'ok', changed: false, value: { free: 3 } } },
}

/** The string that stands for this text. */
function escapeTemplate(text: string): string {
  return text.replaceAll('${{', () => '$${{')
}

function render(tree: JsonObject): JsonValue | { readonly error: string } {
  const compiled = compileTemplate(tree, { variables })
  if (!compiled.ok) throw new Error(compiled.problems.map(({ summary }) => summary).join('; '))
  const answer = compiled.template.render(scope)
  return answer.ok ? answer.value : { error: answer.error }
}

describe('a template', () => {
  test('takes on the type of an expression that is the whole value', () => {
    expect(
      render({ a: '${{ vars.port }}', b: '${{vars.on}}', c: ['${{ vars.list }}'], d: { e: '${{ vars.map }}' } }),
    ).toEqual({
      a: 8080,
      b: true,
      c: [['a', 'b']],
      d: { e: { a: 1 } },
    })
  })

  test('makes text of everything else', () => {
    expect(
      render({ a: ' ${{ vars.port }}', b: '${{ vars.port }}${{ vars.on }}', c: 'v${{ params.version }}\n' }),
    ).toEqual({
      a: ' 8080',
      b: '8080true',
      c: 'v7\n',
    })
  })

  test('leaves what is no expression as it is', () => {
    const tree = { a: '$HOME {{ x }} }} ${x}', b: [1, null, true, 2.5], c: { secret: 'env:PIN' } }
    const compiled = compileTemplate(tree, { variables })
    expect(compiled.ok && compiled.template.render(scope)).toEqual({ ok: true, value: tree })
  })

  test('is escaped with a second dollar sign', () => {
    expect(render({ a: '$${{ vars.port }}', b: 'x $${{ a }} ${{ vars.port }}' })).toEqual({
      a: '${{ vars.port }}',
      b: 'x ${{ a }} 8080',
    })
  })

  test('may hold closing braces inside quotes and maps', () => {
    expect(render({ a: '${{ "}}" + r"\\}}" }}', b: '${{ {"a": {"b": 1}} }}', c: "${{ '\\'}}' }}" })).toEqual({
      a: '}}\\}}',
      b: { a: { b: 1 } },
      c: "'}}",
    })
  })

  test('hands a secret on unread, and refuses to make it part of a text', () => {
    expect(render({ a: '${{ vars.pin }}' })).toEqual({ a: { secret: 'env:PIN' } })
    expect(render({ a: 'pin=${{ vars.pin }}' })).toEqual({
      error:
        '"vars.pin" is a secret; it cannot be part of a longer text, where it could no longer be hidden. Use it as a whole value.',
    })
  })

  test.each([
    ['${{ vars.list }} ', '"vars.list" is a list; it cannot be part of a text. Write .join(", ") behind it.'],
    ['${{ vars.map }} ', '"vars.map" is a map; it cannot be part of a text. Name one of its fields.'],
    ['${{ vars.nothing }} ', '"vars.nothing" is empty; it cannot be part of a text.'],
    ['${{ vars.missing }}', '"vars.missing": there is no "missing" in vars.'],
  ])('says what cannot be filled in: %s', (text, error) => {
    expect(render({ a: text })).toEqual({ error })
  })

  test('names the steps that it looks at', () => {
    const compiled = compileTemplate(
      { a: ['${{ steps.read.value.free }}', 'x ${{ steps.read.changed }}'] },
      { variables },
    )
    expect(compiled.ok && compiled.template.steps).toEqual(['read'])
  })

  test('tells all problems at once, each with its place', () => {
    const tree = { a: 'x ${{ nope }}', b: [{ c: '${{ device.idd }} ${{' }], '${{ d }}': 1 }
    const compiled = compileTemplate(tree, { variables })
    const found = compiled.ok ? [] : compiled.problems.map(({ path, offset, summary }) => [path, offset, summary])
    expect(found).toEqual([
      [['${{ d }}'], 0, 'A key cannot hold an expression'],
      [['a'], 6, 'There is nothing called "nope" here'],
      [['b', 0, 'c'], 18, 'An expression is not closed with }}'],
    ])
  })

  test('of escaped text is that text again', () => {
    const piece = fc.constantFrom('$', '{', '}', '${{', '}}', '$${{', ' ', 'a', '"', "'", '\\', '\n', 'é')
    const anyText = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(anyText, (text) => {
        expect(render({ text: escapeTemplate(text) })).toEqual({ text })
        expect(isTemplated(escapeTemplate(text))).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of text around a value is the text around the value', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        fc.pre(!before.endsWith('$') && before + after !== '')
        expect(render({ a: `${escapeTemplate(before)}\${{ vars.port }}${escapeTemplate(after)}` })).toEqual({
          a: `${before}8080${after}`,
        })
      }),
    )
  })

  test('of an expression with any string in it finds its end', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const code = ` ${JSON.stringify(text)} `
        expect(splitTemplate(`a\${{${code}}}b`)).toEqual({ parts: [{ text: 'a' }, { code, offset: 4 }, { text: 'b' }] })
      }),
    )
  })
})
