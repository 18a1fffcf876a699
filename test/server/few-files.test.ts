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
  // Half ask the begin of something, half nothing.
  const sockets = Array.from({ length: 60 }, (_, at) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(till.url).port) })
    socket.on('error', () => undefined)
    if (at % 2 === 0) socket.write('GET /readyz HTTP/1.1\r\n')
    return socket
  })
  await till.has(() => till.told.includes('A connection from 127.0.0.1 that asked nothing was closed'))
  // They are all there still that could stay, and keep nobody out.
  expect((await fetch(`${till.url}/healthz`)).status).toBe(200)
  expect((await till.send('zabbix', zabbix(1, 'MarkerGone'))).status).toBe(202)
  await till.has(() => till.log().includes('pos1 made'))
  for (const socket of sockets) socket.destroy()
}, 60_000)
