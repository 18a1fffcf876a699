import { connect } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { RULES, SENDERS, ServedProject, zabbix } from './served-project.ts'

const till = new ServedProject(SENDERS + RULES)
afterAll(() => till.remove())

test('with few files connections are bounded, which is told, and repairs are made', async () => {
  till.files = 80
  await till.serve()
  expect(till.told).toContain('It takes 15 connections at once, 1000 with more files.')
  expect(till.told).toContain('This process may have 80 files open')
  // Half a request each: they are nobody's to close before their time.
  const sockets = Array.from({ length: 60 }, () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(till.url).port) })
    socket.on('error', () => undefined)
    socket.write('GET /readyz HTTP/1.1\r\n')
    return socket
  })
  await till.has(() => till.told.includes('A connection from 127.0.0.1 was closed at once: 15 are open'))
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await fetch(`${till.url}/healthz`).catch(() => undefined))?.status).toBe(200)
  expect((await till.send('zabbix', zabbix(1, 'MarkerGone'))).status).toBe(202)
  await till.has(() => till.log().includes('pos1 made'))
}, 60_000)
