import { userInfo } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { Browser, CLIENT, freePort, type Lie, LyingProvider, oidcProvider } from './oidc-peers.ts'
import { NORTH, SECRETS, ServedProject, SOUTH } from './served-project.ts'
import { Visitor } from './visitor.ts'

interface Settings {
  readonly url: string
  readonly issuer: string
  readonly client?: string
  readonly more?: string
}

const ROLES = `      - {claim: groups, is: till-operators, role: operator}
      - {claim: groups, is: tills, role: viewer}
      - {claim: [realm_access, roles], is: approvers, role: approver}
      - {claim: groups, is: printco, role: helpdesk, devices: "device.id == 'office'", partner: printco}
`

const APPROVAL = `policies:
  default: {caps: [], rollout: {waves: false, approval: {people: 2, four_eyes: true, signed: true}}}
`

function settings({
  url,
  issuer,
  client = `client_id: ${CLIENT.id}\n    client_secret: env:${CLIENT.secret}`,
  more = ROLES,
}: Settings): string {
  return `server:
  public_url: ${url}
  accounts:
    anna: {role: admin, password: '${hashOf(PASSWORD)}'}
    pipeline: {role: approver, token: "env:T_ALL"}
  oidc:
    name: Chain ID
    issuer: ${issuer}
    ${client}
    scopes: [openid, profile, groups]
    person: preferred_username
    roles:
${more}`
}

/** A server that knows its address before it listens. */
async function servedAt(port: number, of: Omit<Settings, 'url'>): Promise<ServedProject> {
  const served = new ServedProject(settings({ url: `http://127.0.0.1:${port}`, ...of }))
  served.listen = `127.0.0.1:${port}`
  await served.serve()
  return served
}

async function who(browser: Browser, till: string): Promise<{ status: number; [key: string]: unknown }> {
  const answer = await browser.ask(`${till}/api/v1/session`)
  return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) }
}

describe('signing in by oidc-provider', () => {
  const groups: Record<string, unknown> = {
    ola: ['others', 'till-operators', 'tills'],
    wiktor: 'tills',
    petr: ['printco'],
    adam: ['Till-Operators', 'till-operators-not', 7],
  }
  let port = 0
  let till = ''
  let provider: Awaited<ReturnType<typeof oidcProvider>>
  let served: ServedProject

  beforeAll(async () => {
    port = await freePort()
    till = `http://127.0.0.1:${port}`
    provider = await oidcProvider({ redirectUri: `${till}/sign-in/callback`, secret: SECRETS[CLIENT.secret], groups })
    served = await servedAt(port, { issuer: provider.issuer })
  })
  afterAll(async () => {
    await served?.remove()
    await provider?.close()
  })

  test('begins a session as an account has it, with the role of the first group that fits', async () => {
    const browser = new Browser()
    const ways = await (await browser.ask(`${till}/api/v1/sign-in`)).json()
    expect([ways, errorsOf('api-sign-in', ways)]).toMatchObject([
      { passwords: true, provider: { name: 'Chain ID' } },
      [],
    ])
    const begun = (await (await browser.begin(till, `/store/${NORTH}?a=b`)).json()) as { url: string }
    expect(errorsOf('api-sign-in-begun', begun)).toEqual([])
    const asked = new URL(begun.url).searchParams
    expect(Object.fromEntries(asked)).toMatchObject({
      redirect_uri: `${till}/sign-in/callback`,
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(await browser.arrive(await browser.wayBack(begun.url, till, 'ola'))).toBe(`/store/${NORTH}?a=b`)
    const ours = browser.told.filter((set) => set.startsWith('till'))
    expect(ours).toMatchObject([
      expect.stringMatching(/^till-sign-in=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
      'till-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
      expect.stringMatching(/^till=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/),
    ])
    const session = await who(browser, till)
    expect(session).toMatchObject({ status: 200, account: 'oidc:ola', role: 'operator', sees: 'all' })
    const { entry } = JSON.parse((await served.till('audit', 'list', '--json')).stdout).rows.at(-1)
    expect(entry).toMatchObject({
      ...{ kind: 'session.begun', by: 'oidc:ola' },
      about: { issuer: provider.issuer, subject: 'ola', role: 'operator', rule: 'groups = till-operators' },
    })
    // It changes something with the word of ours alone, and its end is ours.
    const end = (headers: Record<string, string>) =>
      browser.ask(`${till}/api/v1/session`, { method: 'DELETE', headers })
    expect((await end({})).status).toBe(403)
    expect((await end({ 'x-till-csrf': String(session['csrf']) })).status).toBe(200)
    expect(await who(browser, till)).toMatchObject({ status: 401 })
  })

  test('a partner sees its devices alone, and a person outlives a restart of the server', async () => {
    const browser = new Browser()
    expect(await browser.signIn(till, 'petr')).toBe('/')
    await served.end('SIGKILL')
    await served.serve()
    expect(await who(browser, till)).toMatchObject({ account: 'oidc:petr', role: 'helpdesk', sees: 'some' })
    const stores = (await (await browser.ask(`${till}/api/v1/stores`)).json()) as { stores: { store: string }[] }
    expect(stores.stores.map(({ store }) => store)).toEqual([NORTH])
    expect((await browser.ask(`${till}/api/v1/stores/${SOUTH}`)).status).toBe(404)
    const plan = await browser.ask(`${till}/api/v1/runs/x/approve`, {
      method: 'POST',
      headers: { 'x-till-csrf': 'no' },
    })
    expect(plan.status).toBe(403)
  })

  test('nobody comes in without a group that a rule names, letter by letter', async () => {
    for (const name of ['adam', 'nobody']) {
      const browser = new Browser()
      expect(await browser.signIn(till, name)).toBe('/sign-in?why=nobody')
      expect(await who(browser, till)).toMatchObject({ status: 401 })
    }
    expect(served.told).toContain('No rule of server.oidc.roles fits oidc:adam: "groups" has 2 values')
  })

  test('who left the group is out at the next sign-in, and at once where the rule is another', async () => {
    const [gone, kept] = [new Browser(), new Browser()]
    expect([await gone.signIn(till, 'wiktor'), await kept.signIn(till, 'ola')]).toEqual(['/', '/'])
    groups['wiktor'] = []
    expect(await who(gone, till)).toMatchObject({ status: 200, role: 'viewer' })
    expect(await gone.signIn(till, 'wiktor')).toBe('/sign-in?why=nobody')
    const told = served.told.length
    served.write(
      'tillwright.yaml',
      settings({ url: till, issuer: provider.issuer, more: ROLES.replace('role: operator', 'role: helpdesk') }),
    )
    served.server?.kill('SIGHUP')
    await served.has(() => served.told.slice(told).includes('A new revision'))
    expect(await who(kept, till)).toMatchObject({ status: 401 })
    expect(await kept.signIn(till, 'ola')).toBe('/')
    expect(await who(kept, till)).toMatchObject({ role: 'helpdesk' })
  })

  test('a way back is taken once, by the browser that was sent away', async () => {
    const [anna, thief] = [new Browser(), new Browser()]
    const { url } = (await (await anna.begin(till)).json()) as { url: string }
    const back = await anna.wayBack(url, till, 'ola')
    // Somebody else has got hold of it, with no way of its own and with one.
    expect(await thief.arrive(back)).toBe('/sign-in?why=again')
    await thief.begin(till)
    expect(await thief.arrive(back)).toBe('/sign-in?why=again')
    const { origin } = new URL(till)
    const cookie = anna.cookies.get(origin)?.get('till-sign-in') ?? ''
    expect(await anna.arrive(back)).toBe('/')
    anna.cookies.get(origin)?.set('till-sign-in', cookie)
    expect(await anna.arrive(back)).toBe('/sign-in?why=again')
    // Its own way, with the code of somebody else: PKCE binds that to the way it was asked on.
    const other = (await (await thief.begin(till)).json()) as { url: string }
    const victim = new Browser()
    const asked = (await (await victim.begin(till)).json()) as { url: string }
    const code = new URL(await victim.wayBack(asked.url, till, 'ola')).searchParams.get('code') ?? ''
    const forged = new URL(`${till}/sign-in/callback`)
    forged.search = new URLSearchParams({
      code,
      state: new URL(other.url).searchParams.get('state') ?? '',
      iss: provider.issuer,
    }).toString()
    expect(await thief.arrive(forged.href)).toBe('/sign-in?why=refused')
    expect(await who(thief, till)).toMatchObject({ status: 401 })
  })

  test('leads nowhere but to pages of ours, and begins nowhere but there', async () => {
    const elsewhere = [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/.//evil.example',
      '/store/../..//evil.example',
      'javascript:alert(1)',
      '/api/v1/session',
      '/sign-in?why=x',
      7,
      `/runs/${'x'.repeat(2_000)}`,
    ]
    for (const to of elsewhere) expect([to, await new Browser().signIn(till, 'ola', to)]).toEqual([to, '/'])
    const begin = (headers: Record<string, string>) =>
      fetch(`${till}/api/v1/sign-in/provider`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      })
    expect((await begin({})).status).toBe(409)
    expect((await begin({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await begin({ origin: till, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  })

  test('a public client signs in by PKCE alone; a wrong secret is for the operator to mend', async () => {
    const [bare, wrong] = ['client_id: bare', `client_id: ${CLIENT.id}\n    client_secret: env:T_HMAC`]
    for (const [client, ends] of [
      [bare, '/'],
      [wrong, '/sign-in?why=setup'],
    ] as const) {
      const told = served.told.length
      served.write('tillwright.yaml', settings({ url: till, issuer: provider.issuer, client }))
      served.server?.kill('SIGHUP')
      await served.has(() => served.told.slice(told).includes('A new revision'))
      expect(await new Browser().signIn(till, 'ola')).toBe(ends)
    }
    expect(served.told).toMatch(
      /OIDC_PROVIDER_UNUSABLE: Chain ID \(http:[^)]+\): it answers "invalid_client"|it answers 401/,
    )
    expect(served.told).not.toContain(SECRETS.T_HMAC)
  })
})

describe('a provider that lies, or is away', () => {
  const liar = new LyingProvider()
  let port = 0
  let till = ''
  let served: ServedProject

  beforeAll(async () => {
    await liar.open()
    port = await freePort()
    till = `http://127.0.0.1:${port}`
    served = await servedAt(port, { issuer: liar.issuer, more: `${ROLES}${APPROVAL}` })
  })
  afterEach(() => {
    liar.lie = {}
  })
  afterAll(async () => {
    await served?.remove()
    await liar.close()
  })

  async function ends(lie: Lie): Promise<string> {
    liar.lie = lie
    const browser = new Browser()
    const end = await browser.signIn(till, '')
    expect((await who(browser, till)).status).toBe(end === '/' ? 200 : 401)
    return end
  }

  test('is believed when it tells the truth, also what stands within claims', async () => {
    expect(await ends({})).toBe('/')
    expect(await ends({ claims: { groups: undefined, realm_access: { roles: ['approvers'] } } })).toBe('/')
    expect(await ends({ claims: { groups: undefined }, userinfo: { sub: 's', groups: ['tills'] } })).toBe('/')
  })

  test('is not believed when it does not: nonce, audience, issuer, time, signature, subject', async () => {
    const past = Math.floor(Date.now() / 1000) - 3_600
    const lies: readonly Lie[] = [
      { claims: { nonce: 'another' } },
      { claims: { nonce: undefined } },
      { claims: { aud: 'another' } },
      { claims: { iss: 'https://evil.example' } },
      { claims: { exp: past } },
      { algorithm: 'none' },
      { isForged: true },
      { claims: { groups: undefined }, userinfo: { sub: 'another', groups: ['till-operators'] } },
      { token: { status: 200, body: { access_token: 'x', token_type: 'Bearer' } } },
      { token: { status: 400, body: { error: 'invalid_grant' } } },
    ]
    for (const lie of lies) expect([lie, await ends(lie)]).toEqual([lie, '/sign-in?why=refused'])
    expect(served.told).not.toMatch(/eyJ|an-access-token|evil\.example/)
  })

  test('has nobody come in under a name that is none', async () => {
    const names = ['', 'a b', 'anna\nadmin', 'аnna', ['anna'], 'x'.repeat(200), null]
    for (const preferred_username of names) {
      expect([preferred_username, await ends({ claims: { preferred_username } })]).toEqual([
        preferred_username,
        '/sign-in?why=nobody',
      ])
    }
  })

  test('its refusal and its troubles are told apart', async () => {
    expect(await ends({ back: { error: 'access_denied' } })).toBe('/sign-in?why=denied')
    expect(await ends({ back: { error: 'invalid_scope' } })).toBe('/sign-in?why=setup')
    expect(await ends({ token: { status: 503, body: {} } })).toBe('/sign-in?why=away')
    expect(await ends({ token: { status: 200, body: { long: 'x'.repeat(2_000_000) } } })).toBe('/sign-in?why=refused')
  })

  test('its people approve as those whom the server signed in, and nobody twice under two names', async () => {
    const asker = `${userInfo().username}@till.example`
    const held = await served.till('apply', 'marker', '--yes', '--device', `${NORTH}/pos1`, '--json')
    expect([held.code, held.stdout]).toEqual([6, expect.stringContaining('APPROVAL_MISSING')])
    const [{ run }] = JSON.parse((await served.till('runs', 'list', '--json')).stdout).runs
    const approved = async (name: string): Promise<unknown> => {
      liar.lie = { claims: { preferred_username: name, groups: undefined, realm_access: { roles: ['approvers'] } } }
      const browser = new Browser()
      await browser.signIn(till, '')
      const { csrf } = await who(browser, till)
      const headers = { 'content-type': 'application/json', 'x-till-csrf': String(csrf) }
      const awaited = (await (await browser.ask(`${till}/api/v1/runs/${run}/awaits`)).json()) as { awaits: string[] }
      expect(errorsOf('api-awaits', awaited as never)).toEqual([])
      const said = async (awaits: unknown): Promise<unknown> => {
        const body = JSON.stringify({ why: 'CHG 4711', awaits })
        return (await browser.ask(`${till}/api/v1/runs/${run}/approve`, { method: 'POST', headers, body })).json()
      }
      expect(await said(undefined)).toMatchObject({ status: 409, why: expect.stringContaining('/awaits') })
      expect(await said('all')).toMatchObject({ status: 400 })
      // Another wave has failed since the page was looked at.
      const others = [...awaited.awaits, 'release wave 2 forgiving 9']
      expect(await said(others)).toMatchObject({ status: 409, why: expect.stringContaining('has changed') })
      return said(awaited.awaits)
    }
    expect(await approved(asker)).toMatchObject({ status: 409, why: expect.stringContaining('has asked for it') })
    const byToken = await new Visitor(till, SECRETS.T_ALL).ask(`/api/v1/runs/${run}/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ why: 'all tests pass' }),
    })
    expect([byToken.status, byToken.json.why]).toEqual([409, expect.stringContaining('wants it signed')])
    expect(await approved('anna@till.example')).toMatchObject({ ready: false })
    const anna = new Visitor(till)
    await anna.signIn('anna')
    const { awaits } = (await anna.ask(`/api/v1/runs/${run}/awaits`)).json
    const again = await anna.ask(`/api/v1/runs/${run}/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-till-csrf': anna.csrf },
      body: JSON.stringify({ why: 'me, too', awaits }),
    })
    expect([again.status, again.json.why]).toEqual([409, expect.stringContaining('has approved it already')])
    expect(await approved('ola@till.example')).toMatchObject({ ready: true })
    const shown = JSON.parse((await served.till('audit', 'list', '--json')).stdout).rows as {
      entry: { kind: string; by: string }
    }[]
    const by = shown.filter(({ entry }) => entry.kind === 'run.approved').map(({ entry }) => entry.by)
    expect(by).toEqual(['oidc:anna@till.example', 'oidc:ola@till.example'])
  })

  test('ways back that fail are counted, and shut out no account with a password', async () => {
    const tries: string[] = []
    for (let n = 0; n < 30 && tries.at(-1) !== 'tries'; n += 1) {
      liar.lie = { isForged: true }
      const browser = new Browser()
      const begun = await browser.begin(till)
      if (begun.status === 429) tries.push('tries')
      else tries.push(await browser.arrive(await browser.wayBack(((await begun.json()) as { url: string }).url, till)))
    }
    expect(tries.at(-1)).toBe('tries')
    expect(await new Visitor(till).signIn('anna')).toMatchObject({ status: 200 })
  })

  test('where nobody is, accounts come in all the same, and the log says what to do', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`
    const away = await servedAt(await freePort(), { issuer: gone })
    try {
      const answer = await new Browser().begin(away.url)
      expect([answer.status, await answer.json()]).toMatchObject([
        503,
        { why: 'Chain ID cannot sign anybody in at the moment.' },
      ])
      expect(away.told).toContain(
        `OIDC_PROVIDER_UNUSABLE: Chain ID (${gone}): it cannot be reached (ECONNREFUSED). See its reason`,
      )
      expect(await new Visitor(away.url).signIn('anna')).toMatchObject({ status: 200, json: { account: 'anna' } })
      expect(await new Browser().arrive(`${away.url}/sign-in/callback?code=x&state=y`)).toBe('/sign-in?why=again')
      // It is there by now, and says that it is somebody else.
      liar.lie = { issuer: 'https://other.example' }
      away.write('tillwright.yaml', settings({ url: away.url, issuer: liar.issuer }))
      away.server?.kill('SIGHUP')
      await away.has(() => away.told.includes('A new revision'))
      expect((await new Browser().begin(away.url)).status).toBe(503)
      expect(away.told).toContain('does not match the expected issuer')
    } finally {
      await away.remove()
    }
  })
})

test('settings that would let in too many, or go in the clear, are told with their place', async () => {
  const good = settings({ url: 'https://till.example', issuer: 'https://login.example' })
  const cases = [
    [good.replace('public_url: https', 'public_url: http'), 'is no address that people can sign in at', 2],
    [good.replace('  public_url: https://till.example\n', ''), 'does not know its own address', 5],
    [good.replace('issuer: https', 'issuer: http'), 'is no issuer that can be trusted', 8],
    [good.replace('[openid, profile', '[profile'), '"openid" is not among the scopes', 11],
    [good.replace('is: tills', 'is: till-operators'), 'Rule 2 is never reached', 15],
    [good.replace('role: viewer', 'roles: viewer'), 'roles', 15],
    [good.replace(`env:${CLIENT.secret}`, 'a-secret-in-the-clear'), 'client_secret', 10],
    [good.replace("device.id == 'office'", 'devise.id == 1'), 'devise', 17],
  ] as const
  for (const [text, says, line] of cases) {
    const served = new ServedProject(text)
    const { code, stdout } = await served.till('serve', '--listen', '127.0.0.1:0', '--json')
    await served.remove()
    const [first] = JSON.parse(stdout).diagnostics
    const told = `${first.summary} ${first.detail}`
    expect([code, first.source?.line, told]).toEqual([2, line, expect.stringContaining(says)])
  }
})
