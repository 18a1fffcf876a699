import { expect, it } from 'vitest'
import { scalarText } from '../../../src/devices/config/yaml-text.ts'

it.each(['=', '<<', 'yes', '0x10', '~'])('%s is text to readers of YAML 1.1 as well', (value) => {
  expect(scalarText(value)).toBe(`"${value}"`)
})
