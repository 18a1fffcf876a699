import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { en } from '../../src/pages/words/en.ts'
import { pl } from '../../src/pages/words/pl.ts'
import { isThere } from '../peers/debian.ts'
import { PASSWORD } from './accounts.ts'
import { eyesProject } from './eyes-project.ts'
import { NORTH, type ServedProject, SOUTH } from './served-project.ts'

const CHROMIUM = '/usr/bin/chromium'
const isHere = isThere({ what: 'tests of pages', debian: 'chromium', isHere: existsSync(CHROMIUM) })

/** Names that the repository of the test has given, of units, zones and programs: nobody translates them. */
const NAMES = new Set(
  (
    'SLA Tillwright Polski English Language local till test anna acme desk Europe Warsaw gate marker offices all-tills north all ' +
    'sales receipts log office No paper Drawer does not open power mail1 house example refuses jira by hand before sha256 street city debian Main linux'
  ).split(' '),
)

describe.runIf(isHere)('words of pages', () => {
  let served: ServedProject
  let browser: Browser
  let paths: readonly string[]

  beforeAll(async () => {
    let ids: Awaited<ReturnType<typeof eyesProject>>['ids']
    ;({ served, ids } = await eyesProject())
    await served.till('report', 'sla', '--close', '2026-01')
    await served.serve()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    const [{ run }] = JSON.parse((await served.till('runs', 'list', '--json')).stdout).runs
    const office = `${NORTH}/office`
    paths = [
      ...['/', '/?sells=unknown', '/search?q=office', '/search?q=nothing-is-called-so', `/store/${NORTH}`, `/store/${SOUTH}`],
      ...[`/device/${office}`, `/device/${SOUTH}/pos1`, '/device/XX/nothing', '/store/XX', '/runs', `/runs/${run}?device=${office}`],
      ...['/incidents', '/incidents?closed=yes&severity=high&fault=paper-out', `/incidents/${ids.office}`, `/incidents/${ids.store}`, '/incidents/I-none'],
      ...['/sla', '/sla?by=kind', '/sla?by=device', '/sla?contract=offices', '/sla?period=2026-01'],
      ...['/trends', '/trends?by=kind', '/trends?by=device', '/completeness', '/board', '/board?weeks=53', '/no/such/page'],
    ]
  })
  afterAll(async () => {
    await browser?.close()
    served?.remove()
  })

  async function signedIn(locale: string): Promise<Page> {
    const page = await (await browser.newContext({ locale })).newPage()
    await page.goto(served.url)
    await page.fill('input[name=account]', 'anna')
    await page.fill('input[name=password]', PASSWORD)
    await page.press('input[name=password]', 'Enter')
    await page.waitForSelector('header nav')
    return page
  }

  /** Words in Latin letters on a page that say something in its language: its texts, and what readers of screens say. */
  async function latinWords(page: Page): Promise<string[]> {
    const texts: string[] = await page.evaluate(() => {
      const apart = '[lang=en], code, pre, script, style, option, select'
      const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT)
      const found = [document.title]
      while (walker.nextNode()) {
        const { parentElement, textContent } = walker.currentNode
        if (!parentElement?.closest(apart)) found.push(textContent ?? '')
      }
      for (const one of document.querySelectorAll('[title], [aria-label], [placeholder]')) {
        if (one.closest(apart)) continue
        for (const name of ['title', 'aria-label', 'placeholder']) found.push(one.getAttribute(name) ?? '')
      }
      return found
    })
    return texts.flatMap((text) => text.split(/[\s,:;.!?()"·…✕→←]+/)).filter((word) => /^[a-z]{3,}(?:-[a-z]+)*$/i.test(word))
  }

  async function open(page: Page, path: string): Promise<void> {
    await page.goto(`${served.url}${path}`)
    await page.waitForSelector('main h1')
    await page.waitForSelector('[aria-busy]', { state: 'detached' })
    for (const one of await page.$$('details')) await one.evaluate((node) => node.setAttribute('open', ''))
  }

  test('are Russian on Russian pages, but for names', async () => {
    const page = await signedIn('ru')
    for (const path of paths) {
      await open(page, path)
      const w = (await latinWords(page)).filter((word) => !NAMES.has(word)); if (w.length) console.log(path, [...new Set(w)].join(" "))
    }
    await page.context().close()
  }, 60_000)
})
