import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { en } from '../../src/pages/words/en.ts'
import { pl } from '../../src/pages/words/pl.ts'
import { ru } from '../../src/pages/words/ru.ts'
import { isThere } from '../peers/debian.ts'
import { PASSWORD } from './accounts.ts'
import { eyesProject } from './eyes-project.ts'
import { NORTH, type ServedProject, SOUTH } from './served-project.ts'

/** Runs in the browser: texts of a page, and what readers of screens say, but for what is said to be English. */
const TEXTS = `(() => {
  const apart = '[lang=en], code, pre, script, noscript, style, option, select'
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
})()`

const CHROMIUM = '/usr/bin/chromium'
const isHere = isThere({ what: 'tests of pages', debian: 'chromium', isHere: existsSync(CHROMIUM) })

/** Names of the test's repository and of units: nobody translates them. */
const NAMES: ReadonlySet<string> = new Set(
  (
    'SLA Tillwright till local test anna acme desk root ops Europe Warsaw Warszawa North north One Long gate marker offices ' +
    'all-tills till-health sold sales receipts receipt printed log office power drawer No paper Drawer does not open sha DSL LTE linux Step jira'
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
      ...[
        '/',
        '/?sells=unknown',
        '/search?q=office',
        '/search?q=nothing-is-called-so',
        `/store/${NORTH}`,
        `/store/${SOUTH}`,
      ],
      ...[
        `/device/${office}`,
        `/device/${SOUTH}/pos1`,
        '/device/XX/nothing',
        '/store/XX',
        '/runs',
        `/runs/${run}?device=${office}`,
      ],
      ...[
        '/incidents',
        '/incidents?closed=yes&severity=high&fault=paper-out',
        `/incidents/${ids.office}`,
        `/incidents/${ids.store}`,
        '/incidents/I-none',
      ],
      ...['/sla', '/sla?by=kind', '/sla?by=device', '/sla?contract=offices', '/sla?period=2026-01'],
      ...[
        '/trends',
        '/trends?by=kind',
        '/trends?by=device',
        '/completeness',
        '/board',
        '/board?weeks=53',
        '/no/such/page',
      ],
    ]
  })
  afterAll(async () => {
    await browser?.close()
    await served?.remove()
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
    const texts = await page.evaluate<string[]>(TEXTS)
    return texts
      .flatMap((text) => text.split(/[\s,:;.!?()"·…✕→←]+/))
      .filter((word) => /^[a-z]{3,}(?:-[a-z]+)*$/i.test(word))
  }

  async function open(page: Page, path: string): Promise<void> {
    await page.goto(`${served.url}${path}`)
    await page.waitForSelector('main h1')
    await page.waitForSelector('[aria-busy]', { state: 'detached' })
    for (const one of await page.$$('details')) await one.evaluate((node) => node.setAttribute('open', ''))
  }

  /** What says nothing in the language of a page. */
  async function strangers(locale: string, isStrange: (word: string) => boolean): Promise<string[]> {
    const page = await signedIn(locale)
    const found: string[] = []
    for (const path of paths) {
      await open(page, path)
      for (const word of new Set(await latinWords(page))) {
        if (!NAMES.has(word) && !path.includes(word) && isStrange(word)) found.push(`${path} ${word}`)
      }
    }
    await page.context().close()
    return found
  }

  test('are Russian on Russian pages, but for names', async () => {
    expect(await strangers('ru', () => true)).toEqual([])
  }, 60_000)

  test('are not those of the English dictionary on Polish pages', async () => {
    const [english, polish] = [wordsIn(en), wordsIn(pl)]
    expect(await strangers('pl', (word) => english.has(word.toLowerCase()) && !polish.has(word.toLowerCase()))).toEqual(
      [],
    )
  }, 60_000)

  test('an address that there is not is a page for people, with a way back, and JSON for programs', async () => {
    for (const [locale, title] of [
      ['pl', pl.notFound],
      ['ru', ru.notFound],
    ] as const) {
      const stranger = await (await browser.newContext({ locale })).newPage()
      const known = await signedIn(locale)
      for (const [page, path] of [
        [stranger, '/no/such/page'],
        [known, '/no/such/page'],
        [known, '/runs/a/b/c'],
        [known, '/store/%E0%A4%A/x'],
      ] as const) {
        const answer = await page.goto(`${served.url}${path}`)
        expect([path, answer?.status(), await page.textContent('main h1')]).toEqual([path, 404, title])
      }
      await known.click('main a')
      await known.waitForSelector('.tiles')
      for (const page of [stranger, known]) await page.context().close()
    }
    const asked = async (path: string, accept: string): Promise<unknown> => {
      const answer = await fetch(`${served.url}${path}`, { headers: { accept } })
      return [answer.status, answer.headers.get('content-type')?.split(';')[0]]
    }
    expect(await asked('/no/such/page', '*/*')).toEqual([404, 'application/json'])
    expect(await asked('/api/v1/no-such-question', 'text/html')).toEqual([404, 'application/json'])
    expect(await asked('/hooks/zabbix', 'text/html')).toEqual([405, 'application/json'])
  }, 60_000)

  test('a day is not broken on a phone, and no map is drawn of no store', async () => {
    const page = await signedIn('pl')
    await page.setViewportSize({ width: 360, height: 780 })
    await open(page, '/board')
    const heights = await page.evaluate<number[]>(
      "[...document.querySelectorAll('table.report tbody th')].map((one) => one.getClientRects()[0]?.height ?? 0)",
    )
    expect(Math.max(...heights)).toBeLessThan(40)
    await open(page, '/')
    expect(await page.$('canvas')).toBe(null)
    await page.context().close()
  }, 60_000)
})

/** Words of a dictionary, in small letters. */
function wordsIn(dictionary: object): ReadonlySet<string> {
  return new Set(
    JSON.stringify(Object.values(dictionary))
      .toLowerCase()
      .match(/\p{L}{3,}/gu) ?? [],
  )
}
