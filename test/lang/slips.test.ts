import { describe, expect, it } from 'vitest'
import { codeFrame } from '../../src/lang/code-frame.ts'
import { insteadOfStepKey, ownWord } from '../../src/lang/foreign-words.ts'
import { addressFault } from '../../src/lang/inventory/address.ts'

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
})
