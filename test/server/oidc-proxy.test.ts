import { request } from 'node:http'
import { expect, test } from 'vitest'
import { CLIENT, LyingProvider } from './oidc-peers.ts'
import { ServedProject } from './served-project.ts'

const PUBLIC = 'https://till.example'

interface Told {
  readonly status: number
  readonly location: string
  readonly cookies: readonly string[]
  readonly body: string
}

/** Asks as a proxy does that hands on what the browser calls the host. */
function handedOn(url: string, of: { host: string; headers?: Record<string, string>; body?: string }): Promise<Told> {
  return new Promise((resolve, reject) => {
    const headers = { ...of.headers, host: of.host, ...(of.body && { 'content-length': String(of.body.length) }) }
    const asked = request(url, { method: of.body === undefined ? 'GET' : 'POST', headers }, async (answer) => {
      let body = ''
      for await (const chunk of answer) body += chunk
      const { location = '', 'set-cookie': cookies = [] } = answer.headers
      resolve({ status: answer.statusCode ?? 0, location, cookies, body })
    })
    asked.once('error', reject).end(of.body)
  })
}

test('behind a proxy that ends TLS, the way back is the public address, and cookies go by TLS alone', async () => {
  const provider = new LyingProvider()
  await provider.open()
  const served = new ServedProject(`server:
  public_url: ${PUBLIC}/
  oidc:
    issuer: ${provider.issuer}
    client_id: ${CLIENT.id}
    person: preferred_username
    roles: [{claim: groups, is: tills, role: viewer}]
`)
  try {
    await served.serve()
    expect(served.told).not.toContain('Nobody may look at the dashboard')
    const ways = JSON.parse((await handedOn(`${served.url}/api/v1/sign-in`, { host: 'till.example' })).body)
    expect(ways).toMatchObject({ passwords: false, provider: { name: new URL(provider.issuer).host } })
    const begin = (host: string, origin: string) => {
      const headers = { 'content-type': 'application/json', origin, 'x-forwarded-host': 'evil.example' }
      return handedOn(`${served.url}/api/v1/sign-in/provider`, { host, headers, body: '{"to": "/runs"}' })
    }
    const elsewhere = await begin('evil.example', 'https://evil.example')
    expect([elsewhere.status, JSON.parse(elsewhere.body).why]).toEqual([409, `That begins at ${PUBLIC} only.`])
    const strange = await begin('127.0.0.1:8455', 'https://evil.example')
    expect([strange.status, JSON.parse(strange.body).why]).toEqual([
      403,
      'The page of another site asks: "https://evil.example", and this server is asked as "127.0.0.1:8455". Behind a proxy, name the address of the browser in server.public_url.',
    ])
    // nginx names itself in Host unless it is told otherwise.
    expect(await begin('127.0.0.1:8455', PUBLIC)).toMatchObject({ status: 200 })
    const begun = await begin('till.example', PUBLIC)
    const { url } = JSON.parse(begun.body)
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(`${PUBLIC}/sign-in/callback`)
    expect(begun.cookies).toEqual([
      expect.stringMatching(/^__Host-till-sign-in=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/),
    ])
    const { headers } = await fetch(url, { redirect: 'manual' })
    const back = new URL(headers.get('location') ?? '')
    expect(back.origin).toBe(PUBLIC)
    const cookie = begun.cookies[0]?.split(';')[0] ?? ''
    const come = (host: string) =>
      handedOn(`${served.url}${back.pathname}${back.search}`, { host, headers: { cookie } })
    const inside = await come('evil.example')
    expect([inside.status, inside.location]).toEqual([303, '/runs'])
    expect(inside.cookies).toEqual([
      expect.stringMatching(/^__Host-till-sign-in=; .*Max-Age=0; Secure$/),
      expect.stringMatching(/^__Host-till=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/),
    ])
    expect(await come('till.example')).toMatchObject({ status: 303, location: '/sign-in?why=again' })
  } finally {
    await served.remove()
    await provider.close()
  }
})
