import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openSystems } from '../../src/app/hooks/open-systems.ts'
import { openProject } from '../../src/app/project.ts'
import type { Episode } from '../../src/core/episode.ts'
import { TestProject } from '../cli/project.ts'

const TOKEN = 'a-token-of-sixteen'
const episode = { alerts: { '["zabbix","11"]': { state: 'firing' } } } as unknown as Episode

test('a token that could not be read, or is another by now, is read anew', async () => {
  let known = TOKEN
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const isKnown = request.headers.authorization === `Bearer ${known}`
    const result = body.includes('apiinfo.version') ? '7.0.0' : [{ eventid: '11', suppressed: '0', r_eventid: '0' }]
    const answer = isKnown || result === '7.0.0' ? { result } : { error: { code: -32602, message: 'Not authorised.' } }
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const project = new TestProject({})
  const zabbix = `{url: 'http://127.0.0.1:${port}/api_jsonrpc.php', token: 'file:${project.path('token')}'}`
  project.write('tillwright.yaml', `hooks: {systems: {zabbix: ${zabbix}}}\n`)
  onTestFinished(async () => {
    server.close()
    await project.remove()
  })
  const systems = openSystems(await openProject(project.root))
  const state = async () => {
    const hush = await systems.hush(episode)
    return hush.state === 'open' ? 'open' : hush.why
  }
  expect(await state()).not.toBe('open')
  project.write('token', TOKEN)
  await expect.poll(state).toBe('open')
  known = `${TOKEN}-rotated`
  expect(await state()).not.toBe('open')
  project.write('token', known)
  await expect.poll(state).toBe('open')
})
