import { describe, expect, it } from 'vitest'
import { aimed, commandWith, deviceFlag, paramFlags, shellWord, unaimed, withFlags } from '../../src/core/remedy.ts'

const POS1 = '--device=PL-0412/pos1'

describe('advice that is pasted', () => {
  it.each([
    [
      'run `till apply service-restart --param service=cups`',
      `run \`till apply service-restart ${POS1} --param service=cups\``,
    ],
    [
      'till plan runbooks/fix.yaml, then till apply fix',
      `till plan runbooks/fix.yaml ${POS1}, then till apply fix ${POS1}`,
    ],
    ['till exec -- uptime', `till exec ${POS1} -- uptime`],
    ['till trust; till doctor', `till trust ${POS1}; till doctor`],
  ])('is about the device that it was given for: %s', (advice, wanted) => {
    expect(aimed(advice, POS1)).toBe(wanted)
  })

  it.each([
    'till apply fix --store PL-0001',
    'till plan fix -d PL-0001/pos1',
    'till apply fix --from-run=20261130-aa:drift',
    'till apply plan.json',
    'till status',
  ])('keeps to what it picks by itself: %s', (advice) => {
    expect(aimed(advice, POS1)).toBe(advice)
  })

  it('picks devices in the command that lacks them, not in its neighbour', () => {
    expect(aimed('till plan fix --store S; till apply fix', POS1)).toBe(
      `till plan fix --store S; till apply fix ${POS1}`,
    )
    expect(withFlags('till plan fix --store S', '--json')).toBe('till plan fix --json --store S')
    expect(commandWith('till plan fix', '')).toBe('till plan fix')
  })

  it('is the same for several devices once their names are taken out', () => {
    expect(unaimed(`till apply fix ${POS1}`, 'PL-0412/pos1')).toBe('till apply fix')
    expect(unaimed(`till apply fix ${POS1}`, 'PL-0412/pos2')).toBe(`till apply fix ${POS1}`)
  })
})

it('names and values are one word of a shell each, whatever stands in them', () => {
  expect(deviceFlag('--help')).toBe('--device=--help')
  expect(shellWord("it's; rm")).toBe(`'it'\\''s; rm'`)
  expect(shellWord('')).toBe("''")
})

it('parameters are told again, but for those that were masked', () => {
  const params = { service: 'cups', tries: 3, list: ['a b'], pin: '***' }
  expect(paramFlags({ params })).toBe(` --param service=cups --param tries=3 --param 'list=["a b"]'`)
  expect(paramFlags({ params, given: { tries: 3 } })).toBe(' --param tries=3')
})
