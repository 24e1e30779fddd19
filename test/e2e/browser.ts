import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findProgram } from '../support/needs.ts'
import { atEnd } from './clean-up.ts'

/** A browser's window that nobody has used before. */
export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
}

export interface VisitOptions extends BrowserContextOptions {
  /** What consoles may say: Chromium itself mentions every answer with a 4xx or 5xx. */
  tolerate?: RegExp
}

const browsers: Browser[] = []

/** Opens an empty window. After the test no console may have complained: of errors, or of the content security policy. */
export async function visit({ tolerate, ...options }: VisitOptions = {}): Promise<Visit> {
  const [browser = await launch()] = browsers
  const context = await browser.newContext(options)
  context.setDefaultTimeout(15_000)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  atEnd(async () => {
    await context.close()
    expect(complaints.filter((text) => !tolerate?.test(text))).toEqual([])
  })
  return { context, page: await context.newPage() }
}

/** For `afterAll`. */
export async function closeBrowsers(): Promise<void> {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()))
}

async function launch(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    headless: true,
    chromiumSandbox: false, // it does not start for root, whom CI may be
    // What browsers do when somebody goes back is part of what is tested.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  browsers.push(browser)
  return browser
}

/** Whether the page is wider than its window, so that one has to scroll sideways to read it. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}
