/*
 * `npm run dev`: the app is restarted all the time, and whoever develops it goes on where they were.
 */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyApp, ROOT } from './app-copy.ts'
import { startApp } from './app-process.ts'
import { atEnd, cleanUp } from './clean-up.ts'
import { deskOwner, get } from './http.ts'
import { eventually } from './wait.ts'
import { walk } from './walk.ts'

afterEach(cleanUp)

const PATIENCE_MS = 60_000

async function startDev() {
  const away = await mkdtemp(join(tmpdir(), 'developed-desk-'))
  atEnd(() => rm(away, { recursive: true, force: true }))
  const folder = join(away, 'desk') // TypeScript watches no folder that is right below /tmp
  await copyApp(folder)
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const app = await startApp({}, { command: ['npm', 'run', 'dev'], cwd: folder })
  const edit = async (path: string, change: (text: string) => string) => {
    const file = join(folder, path)
    const before = await readFile(file, 'utf8')
    expect(change(before)).not.toBe(before)
    await writeFile(file, change(before))
    return { undo: () => writeFile(file, before) }
  }
  return Object.assign(app, { edit })
}

it('a change of the app keeps the sandbox and the sign-in, and so does one that breaks it', async () => {
  const { url, edit } = await startDev()
  const { answer, cookies } = await walk(`${url}/auth/ilert`)
  expect(deskOwner(answer)).toBe('Mara Lindqvist')
  const cookie = cookies.findLast((line) => line.startsWith('session='))?.split(';')[0] ?? ''
  const expectDesk = async () => {
    const page = await get(url, { cookie })
    expect(deskOwner(page)).toBe('Mara Lindqvist')
    expect(page.text).toContain('portal.nordwind.example is down')
    expect(page.text).not.toContain('class="problem"')
  }
  const expectTitle = (title: string) =>
    eventually(async () => expect((await get(`${url}/nowhere`)).text).toContain(title), PATIENCE_MS)

  await edit('src/errors.ts', (text) => text.replaceAll('There is no such page', 'That page is not there'))
  await expectTitle('That page is not there')
  await expectDesk()

  // It compiles, and ends at once.
  const crash = "  loadEnvFile()\n  if (Date.now() > 0) throw new Error('broken')\n"
  const broken = await edit('src/server.ts', (text) => text.replace('  loadEnvFile()\n', crash))
  await eventually(() => expect(get(url)).rejects.toThrow(), PATIENCE_MS)
  await broken.undo()
  await expectTitle('That page is not there')
  await expectDesk()

  // It does not compile.
  const nonsense = await edit('src/errors.ts', (text) => `${text}\nnonsense(`)
  await nonsense.undo()
  await edit('src/errors.ts', (text) => text.replaceAll('That page is not there', 'Nothing to see'))
  await expectTitle('Nothing to see')
  await expectDesk()
}, 240_000)

it('ends as a whole with Ctrl+C', async () => {
  const app = await startDev()
  app.signal('SIGINT')
  await app.ended
  await expect(get(app.url)).rejects.toThrow()
}, 60_000)
