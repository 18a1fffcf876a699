import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKerberos, type KerberosRealm, startKerberosRealm } from '../peers/kerberos-realm.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../peers/winrm-peer.ts'
import { converse, newTransport } from './program.ts'

describe.runIf(hasWinRmPeer && hasKerberos)('Kerberos', () => {
  let realm: KerberosRealm
  let peer: WinRmPeer
  const transport = newTransport()
  const before = { ...process.env }
  beforeAll(async () => {
    realm = await startKerberosRealm()
    Object.assign(process.env, realm.environment)
    peer = await startWinRmPeer(['--tls', '--auth', 'kerberos', '--keytab', realm.keytab, '--exec', 'sh'])
  })
  afterAll(async () => {
    process.env = before
    await peer?.stop()
    await realm?.stop()
  })

  const target = (): ReturnType<typeof winrmTarget> => {
    const ca = { origin: 'ca.pem', content: peer.certificate }
    return winrmTarget(peer, { https: true, auth: 'kerberos', ca }, { address: 'localhost' })
  }

  test('the ticket of kinit opens the device, and costs no round trip', async () => {
    expect(await converse(transport, target())).toMatchObject({ end: 'done', times: 1 })
    expect(await peer.state()).toMatchObject({ shells_open: 0, violations: 0 })
    const kinds = peer.events().filter(({ ev }) => ev === 'auth')
    expect(kinds.map(({ kind }) => kind)).toEqual(['kerberos'])
  })

  test('a broken line is logged in on again', async () => {
    await peer.reset()
    await peer.fault('drop-after@Command*1')
    expect(await converse(transport, target())).toMatchObject({ end: 'done', times: 1 })
    expect((await peer.state()).shells_open).toBe(0)
  })

  test('a device that no ticket is to be had for is told', async () => {
    const conversation = await converse(transport, { ...target(), address: '127.0.0.1' })
    expect(conversation.failure).toMatchObject({ code: 'AUTHENTICATE_REFUSED', phase: 'authenticate' })
    expect(conversation.failure?.hint).toContain('kinit')
  })
})
