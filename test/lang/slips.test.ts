import { describe, expect, it } from 'vitest'
import { codeFrame } from '../../src/lang/code-frame.ts'
import { meantKey } from '../../src/lang/foreign-keys.ts'
import { insteadOfStepKey, ownWord } from '../../src/lang/foreign-words.ts'
import { addressFault } from '../../src/lang/inventory/address.ts'
import { likelyText } from '../../src/lang/likely-text.ts'

describe('what people write by habit', () => {
  it('is told what is right for an address with the length of its network, and for IPv6 with a port', () => {
    expect(addressFault('192.0.2.11/24')).toContain('alone: 192.0.2.11')
    expect(addressFault('fe80::1/64')).toContain('alone: fe80::1')
    expect(addressFault('[fe80::1]:22')).toContain('transport: {port')
    expect(addressFault('fe80::1')).toBeUndefined()
  })

  it('knows the full name of a module that is called the same here', () => {
    expect(ownWord('ansible.builtin.service', ['file', 'service'])).toBe('service')
    expect(ownWord('ansible.builtin.copy', ['file', 'service'])).toBe('file')
    expect(ownWord('service', ['service'])).toBeUndefined()
  })

  it('says what stands for a key of an Ansible task', () => {
    expect(insteadOfStepKey('become')?.hint).toContain('transport')
    expect(insteadOfStepKey('ignore_errors')?.hint).toContain('continue_on_failure')
    expect(insteadOfStepKey('timeout')).toBeUndefined()
  })

  it('shows where a secret is kept, and never the secret', () => {
    const frame = (line: string): string =>
      codeFrame(line, { file: 'a.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 })
    expect(frame('password: env:TILL_PASSWORD')).toContain('env:TILL_PASSWORD')
    expect(frame('token: "file:/etc/till/token"')).toContain('file:/etc/till/token')
    expect(frame('password: hunter2')).not.toContain('hunter2')
    expect(frame('password: env:A hunter2')).not.toContain('hunter2')
  })

  it('says what stands for a key of another tool, only where ours is known', () => {
    expect(meantKey('tasks', ['name', 'steps'])).toEqual({ own: 'steps', hint: 'did you mean "steps"?' })
    expect(meantKey('handlers', ['steps']).hint).toContain('restart_on')
    expect(meantKey('ansible_host', ['address', 'profile']).own).toBe('address')
    expect(meantKey('port', ['transport']).hint).toContain('transport: {port: NUMBER}')
    expect(meantKey('tasks', ['name'])).toEqual({})
    expect(meantKey('profile:till', ['profile'])).toEqual({
      own: 'profile',
      hint: 'a space is missing behind the colon: `profile: till`',
    })
    expect(meantKey('adress', ['address']).own).toBe('address')
    expect(meantKey('toString', ['address'])).toEqual({})
  })

  it('finds how a size, a share, a time or a date is written here', () => {
    const like = (form: RegExp) => (text: string) => likelyText(text, (one) => form.test(one))
    const size = like(/^\d+(\.\d+)?(B|KiB|MiB|GiB)$/)
    expect([size('100M'), size('100 MB'), size('1.5g'), size('2MiB'), size('much')]).toEqual([
      '100MiB',
      '100MiB',
      '1.5GiB',
      undefined,
      undefined,
    ])
    const duration = like(/^\d+(ms|s|m|h|d)$/)
    expect([duration('5 minutes'), duration('30'), duration('2hrs'), duration('10 sec'), duration('soon')]).toEqual([
      '5m',
      '30s',
      '2h',
      '10s',
      undefined,
    ])
    expect(like(/^\d+%$/)('10 %')).toBe('10%')
    expect(like(/^\d\d:\d\d-\d\d:\d\d$/)('8:00 - 9:30')).toBe('08:00-09:30')
    expect(like(/^\d{4}-\d\d-\d\d$/)('24.12.2026')).toBe('2026-12-24')
  })
})
