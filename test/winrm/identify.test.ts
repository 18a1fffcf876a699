import { afterAll, describe, expect, test } from 'vitest'
import { identityCheck } from '../../src/app/doctor/winrm-identity.ts'
import { fail, SessionLost, success } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { ServiceIdentity } from '../../src/core/transport.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../peers/winrm-peer.ts'
import { never, newTransport } from './program.ts'

const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'

function sentence(identity: Partial<ServiceIdentity>): Promise<string> {
  const asked = { protocol: WSMAN, vendor: 'Microsoft Corporation', version: '', withoutLogin: 'HTTP 401', ...identity }
  return identityCheck(async () => success(asked)).run(undefined as never)
}

describe.runIf(hasWinRmPeer)('what a WinRM service says of itself', () => {
  const transport = newTransport()
  const peers: WinRmPeer[] = []
  afterAll(async () => {
    for (const peer of peers) await peer.stop()
  })
  async function start(...options: string[]): Promise<WinRmPeer> {
    const peer = await startWinRmPeer(['--auth', 'ntlm', '--require-encryption', ...options])
    peers.push(peer)
    return peer
  }

  test('comes under the seal, before anything is started, and without a login where it may', async () => {
    const peer = await start()
    expect(await transport.identify(winrmTarget(peer), never)).toEqual({
      ok: true,
      value: {
        protocol: WSMAN,
        vendor: 'Microsoft Corporation',
        version: 'OS: 10.0.19045 SP: 0.0 Stack: 3.0',
        withoutLogin: 'HTTP 401',
      },
    })
    const state = await peer.state()
    expect([state.shells_created, state.violations]).toEqual([0, 0])
    const open = await start('--open-identify', '--product', 'OS: 6.1.7601 SP: 1.0 Stack: 2.0')
    const said = await transport.identify(winrmTarget(open), never)
    expect(said).toMatchObject({
      value: { version: 'OS: 6.1.7601 SP: 1.0 Stack: 2.0', withoutLogin: 'OS: 0.0.0 SP: 0.0 Stack: 3.0' },
    })
  })

  test('a password that is wrong is tried once; what is no WinRM is said to', async () => {
    const peer = await start()
    const wrong = await transport.identify(winrmTarget(peer, {}, { password: new Secret('wrong') }), never)
    expect(wrong).toMatchObject({ failure: { code: 'AUTHENTICATE_REFUSED', phase: 'authenticate' } })
    expect((await peer.state()).http).toBe(3)
    await peer.fault('garbage')
    const garbage = await transport.identify(winrmTarget(peer), never)
    expect(garbage.ok).toBe(false)
  })
})

describe('the first check of a Windows device', () => {
  test('names old releases, and refuses what is not Windows', async () => {
    expect(await sentence({ version: 'OS: 10.0.19045 SP: 0.0 Stack: 3.0' })).toBe(
      `Microsoft Corporation, OS: 10.0.19045 SP: 0.0 Stack: 3.0, protocol ${WSMAN}; without a login: HTTP 401`,
    )
    expect(await sentence({ version: 'OS: 6.1.7601 SP: 1.0 Stack: 2.0' })).toMatch(/POSReady 7.*5 shells/)
    await expect(sentence({ version: 'OS: 6.0.6002 SP: 2.0 Stack: 2.0' })).rejects.toThrow('too old')
    await expect(sentence({ vendor: 'Open Management Infrastructure' })).rejects.toThrow('not the WinRM of Windows')
  })

  test('ends the examination only where there is no session to be had', async () => {
    const failure = { code: 'CONNECT_REFUSED', phase: 'connect', message: 'No.' } as const
    const gone = identityCheck(async () => fail(failure)).run(undefined as never)
    await expect(gone).rejects.toBeInstanceOf(SessionLost)
    const fault = { code: 'WINRM_FAULT', phase: 'identify', message: 'No.', evidence: { wsman_code: 87 } } as const
    const refused = identityCheck(async () => fail(fault)).run(undefined as never)
    await expect(refused).rejects.toThrow('WINRM_FAULT: No.')
    await expect(refused).rejects.not.toBeInstanceOf(SessionLost)
  })
})
