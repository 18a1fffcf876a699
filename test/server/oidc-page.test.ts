import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { CLIENT, freePort, oidcProvider, type Peer } from './oidc-peers.ts'
import { NORTH, SECRETS, ServedProject } from './served-project.ts'

const CHROMIUM = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const isHere = isThere({
  what: 'signing in by a provider in a browser',
  debian: 'chromium',
  isHere: existsSync(CHROMIUM),
})
const WORDS = {
  en: ['Sign in by Chain ID', 'The provider knows you, but nothing here is open to you. Ask whoever runs this server.'],
  pl: [
    'Zaloguj się przez Chain ID',
    'Dostawca logowania Cię zna, ale nic nie jest tu dla Ciebie dostępne. Zwróć się do osoby prowadzącej ten serwer.',
  ],
  ru: [
    'Войти через Chain ID',
    'Служба входа знает вас, но здесь вам ничего не открыто. Обратитесь к тому, кто ведёт этот сервер.',
  ],
} as const

describe.runIf(isHere)('signing in by a provider, in Chromium', () => {
  let served: ServedProject
  let provider: Peer
  let browser: Browser

  beforeAll(async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    provider = await oidcProvider({
      redirectUri: `${url}/sign-in/callback`,
      secret: SECRETS[CLIENT.secret],
      groups: { ola: ['tills'] },
      // Another site than the server, as providers are: what a browser sends on the way back depends on it.
      host: 'localhost',
    })
    served = new ServedProject(`server:
  public_url: ${url}
  accounts: {anna: {role: admin, password: '${hashOf(PASSWORD)}'}}
  oidc:
    name: Chain ID
    issuer: ${provider.issuer}
    client_id: ${CLIENT.id}
    client_secret: env:${CLIENT.secret}
    scopes: [openid, profile, groups]
    person: preferred_username
    roles: [{claim: groups, is: tills, role: operator}]
`)
    served.listen = `127.0.0.1:${port}`
    await served.serve()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await served?.remove()
    await provider?.close()
  })

  async function goThrough(page: Page, login: string): Promise<void> {
    await page.click('button.provider')
    await page.fill('input[name=login]', login)
    await page.fill('input[name=password]', 'any')
    await page.click('button[type=submit]')
    await page.click('button:text-is("Continue")')
  }

  test('leads to the page that was asked for, and out again', async () => {
    const context = await browser.newContext({ locale: 'en' })
    const page = await context.newPage()
    await page.goto(`${served.url}/store/${NORTH}`)
    await goThrough(page, 'ola')
    await page.waitForURL(`${served.url}/store/${NORTH}`)
    await page.waitForSelector('header .who')
    expect(await page.textContent('header .who span')).toBe('oidc:ola operator')
    const ours = (await context.cookies(served.url)).filter(({ name }) => name.startsWith('till'))
    expect(ours).toMatchObject([{ name: 'till', httpOnly: true, sameSite: 'Strict', path: '/' }])
    await page.click('header button')
    await page.waitForSelector('button.provider')
    await page.reload()
    await page.waitForSelector('button.provider')
    await context.close()
  }, 180_000)

  test('tells in three languages why somebody is not let in, and lets accounts in there', async () => {
    for (const [locale, [button, why]] of Object.entries(WORDS)) {
      const context = await browser.newContext({ locale, viewport: { width: 360, height: 700 } })
      const page = await context.newPage()
      await page.goto(served.url)
      await page.waitForSelector('button.provider')
      expect(await page.textContent('button.provider')).toBe(button)
      await goThrough(page, 'stranger')
      await page.waitForURL(`${served.url}/sign-in?why=nobody`)
      await page.waitForSelector('[role=alert].alert')
      expect(await page.textContent('[role=alert]')).toBe(why)
      await page.waitForSelector('button.provider')
      await page.evaluate(AXE)
      const { violations } = await page.evaluate(() =>
        (globalThis as never as { axe: { run(): Promise<{ violations: { id: string }[] }> } }).axe.run(),
      )
      expect(violations.map(({ id }) => id)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
      await page.fill('input[name=account]', 'anna')
      await page.fill('input[name=password]', PASSWORD)
      await page.press('input[name=password]', 'Enter')
      await page.waitForSelector('header .who')
      expect(new URL(page.url()).pathname).toBe('/')
      await context.close()
    }
  }, 300_000)
})
