import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { findProgram } from '../support/needs.ts'

/** A browser that nobody has used before. */
export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** What the consoles of its pages complain about: errors, and violations of the content security policy. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Starts Chromium with a fresh profile. */
export async function visit(options: { colorScheme?: 'light' | 'dark' } = {}): Promise<Visit> {
  const profile = await mkdtemp(join(tmpdir(), 'visit-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findProgram('chromium') ?? 'chromium',
    headless: true,
    chromiumSandbox: false, // it does not start for root, whom CI may be
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...options,
  })
  context.setDefaultTimeout(10_000)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    complaints,
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Whether the page is wider than its window, so that one has to scroll sideways to read it. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}
