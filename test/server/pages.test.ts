import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { NORTH, ServedProject, SOUTH } from './served-project.ts'

const CHROMIUM = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const isHere = isThere({ what: 'tests of pages', debian: 'chromium', isHere: existsSync(CHROMIUM) })

/** Pages that look alike whatever is known. */
const TITLES = [
  ['/incidents', { en: 'Incidents', pl: 'Incydenty', ru: 'Инциденты' }],
  ['/sla', { en: 'SLA', pl: 'SLA', ru: 'SLA' }],
  ['/trends', { en: 'Trends', pl: 'Trendy', ru: 'Тренды' }],
  ['/completeness', { en: 'Completeness', pl: 'Kompletność', ru: 'Полнота' }],
  ['/board', { en: 'Board', pl: 'Zarząd', ru: 'Правление' }],
] as const

test('what a browser has to load is small, and none of it comes from elsewhere', () => {
  const files = ['index.html', 'main.js', 'main.css', 'icon.svg', 'outline.json'].map((name) => {
    return readFileSync(new URL(`../../dist/pages/${name}`, import.meta.url))
  })
  expect(files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0)).toBeLessThan(300_000)
  expect(files[0]?.toString()).not.toMatch(/<script>|style=|\son\w+=|https?:/)
})

describe.runIf(isHere)('pages in Chromium', () => {
  let served: ServedProject
  let browser: Browser
  const told: string[] = []
  const asked = new Set<string>()

  async function opened(width: number, colorScheme: 'light' | 'dark', locale: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale })
    const page = await context.newPage()
    page.on('pageerror', (error) => told.push(error.message))
    page.on('console', (line) => {
      // That nobody has signed in yet is an answer.
      if (line.type() === 'error' && !line.text().includes('401')) told.push(line.text())
    })
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    await page.goto(served.url)
    await page.fill('input[name=account]', 'anna')
    await page.fill('input[name=password]', PASSWORD)
    await page.press('input[name=password]', 'Enter')
    await page.waitForSelector('header nav')
    return page
  }

  async function settled(page: Page, path: string): Promise<void> {
    await page.goto(`${served.url}${path}`)
    await page.waitForSelector('main h1')
    await page.waitForSelector('[aria-busy]', { state: 'detached' })
  }

  /** What axe finds that keeps people from using a page. */
  async function barriers(page: Page): Promise<unknown[]> {
    // By the debugger, since the policy of the page lets no other script in.
    await page.evaluate(AXE)
    const found = await page.evaluate(() => (globalThis as never as { axe: { run(): Promise<unknown> } }).axe.run())
    const { violations } = found as { violations: { id: string; impact: string; nodes: { html: string }[] }[] }
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    return serious.map(({ id, nodes }) => [id, nodes[0]?.html])
  }

  beforeAll(async () => {
    served = new ServedProject(
      `policies: {default: {caps: [], rollout: {waves: false, approval: {people: 1, signed: true}}}}\nserver:\n  accounts:\n    anna: {role: admin, password: '${hashOf(PASSWORD)}'}\n`,
    )
    const fleet = served.read('inventory/fleet.yaml')
    served.write(
      'inventory/fleet.yaml',
      fleet.replace('    hours:', '    location: {lat: 52.23, lon: 21.01}\n    hours:'),
    )
    await served.till('plan', 'marker')
    await served.serve()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await served?.remove()
  })

  test('say what is there, in three languages, wide and narrow, and are open to everybody', async () => {
    const device = `/device/${NORTH}/pos1`
    const looks = [
      { width: 1280, scheme: 'light', locale: 'en', says: 'drifted', paths: ['/', device, `/search?q=${SOUTH}`] },
      { width: 360, scheme: 'dark', locale: 'pl', says: 'rozbieżne', paths: ['/', device] },
      { width: 360, scheme: 'light', locale: 'ru', says: 'расходится', paths: ['/runs', `/store/${NORTH}`] },
    ] as const
    for (const { width, scheme, locale, says, paths } of looks) {
      const page = await opened(width, scheme, locale)
      for (const path of paths) {
        await settled(page, path)
        expect(await page.textContent('main'), path).toContain(says)
        expect(await page.getAttribute('html', 'lang')).toBe(locale)
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), path).toBe(0)
        expect([path, scheme, await barriers(page)]).toEqual([path, scheme, []])
      }
      for (const [path, title] of TITLES) {
        await settled(page, path)
        expect([path, await page.textContent('h1')]).toEqual([path, title[locale]])
        expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, 0])
        expect([path, scheme, await barriers(page)]).toEqual([path, scheme, []])
      }
      await page.context().close()
    }
    expect([told, [...asked]]).toEqual([[], [served.url]])
  }, 180_000)

  test('lead from a dot and by the keyboard to a till, its run, and its lines; and out', async () => {
    const page = await opened(1280, 'light', 'en')
    await page.waitForFunction(() => performance.getEntriesByName('till-map-drawn').length > 0)
    await page.click('canvas')
    await page.waitForURL(`**/store/${NORTH}`)
    await page.press('body', '/')
    await page.keyboard.type(`${NORTH}/pos1`)
    await page.waitForURL('**/search?q=*')
    await page.click(`main a:text-is("${NORTH}/pos1")`)
    await page.waitForURL(`**/device/${NORTH}/pos1`)
    await page.click('.timeline a')
    await page.waitForSelector('.steps .diff')
    await page.goBack()
    await page.waitForURL(`**/device/${NORTH}/pos1`)
    await page.click('button:text-is("Look now: marker")')
    await page.waitForURL('**/runs/*?device=*')
    await page.waitForSelector('.steps .diff')
    await page.click('header button')
    await page.waitForSelector('input[name=password]')
    await page.reload()
    await page.waitForSelector('input[name=password]')
    expect(told).toEqual([])
    await page.context().close()
  })

  test('are new by themselves when a run has told of something', async () => {
    const page = await opened(1280, 'light', 'en')
    await settled(page, '/runs')
    const before = await page.locator('tbody tr').count()
    await served.till('plan', 'marker', '--device', `${SOUTH}/pos1`)
    await page.waitForSelector(`tbody tr:nth-child(${before + 1})`)
    await page.context().close()
  })

  test('show what is agreed to before somebody approves', async () => {
    const held = await served.till('apply', 'marker', '--yes', '--device', `${NORTH}/pos1`, '--json')
    expect([held.code, held.stdout]).toEqual([6, expect.stringContaining('APPROVAL_MISSING')])
    const [{ run }] = JSON.parse((await served.till('runs', 'list', '--json')).stdout).runs
    const page = await opened(1280, 'light', 'en')
    await settled(page, `/runs/${run}`)
    await page.click('main button:text-is("Approve")')
    await page.waitForSelector('form.confirm li')
    expect(await page.textContent('form.confirm ul')).toMatch(/^approval \S+ asked by "/)
    await page.fill('form.confirm input', 'CHG 4711')
    await page.press('form.confirm input', 'Enter')
    await page.waitForSelector('main li:has-text("anna: CHG 4711")')
    await page.context().close()
  })

  test('say that the server is away, ask nobody for a password meanwhile, and go on by themselves', async () => {
    const page = await (await browser.newContext({ locale: 'pl' })).newPage()
    let isAway = true
    await page.route('**/api/v1/session', (route) =>
      isAway ? route.fulfill({ status: 502, body: '<h1>Bad Gateway</h1>' }) : route.continue(),
    )
    await page.goto(served.url)
    await page.waitForSelector('main .alert')
    expect(await page.textContent('main')).toContain('Serwer nie odpowiada')
    expect(await page.$('input')).toBe(null)
    expect(await barriers(page)).toEqual([])
    isAway = false
    await page.waitForSelector('input[name=account]')
    await page.context().close()
  }, 120_000)

  test('say since when no news come, try again, and end at the sign-in once the session is over', async () => {
    const page = await opened(1280, 'light', 'en')
    const [events, bar] = ['**/api/v1/events*', '[role=status].alert']
    await page.clock.install()
    await settled(page, '/runs')
    // As if the connection were gone without a word.
    await page.route(events, (route) => route.fulfill({ status: 502 }))
    await page.clock.fastForward(60_000)
    await page.waitForSelector(bar)
    expect(await page.textContent(bar)).toMatch(/^No news have come since .*\d/)
    expect(await barriers(page)).toEqual([])
    await page.unroute(events)
    await page.waitForSelector(bar, { state: 'detached' })
    // A browser does not connect again by itself after a 502.
    await page.route(events, (route) => route.fulfill({ status: 502 }))
    await settled(page, '/')
    await page.waitForSelector(bar)
    await page.context().clearCookies()
    await page.unroute(events)
    await page.waitForSelector('input[name=password]')
    await page.context().close()
  })
})
