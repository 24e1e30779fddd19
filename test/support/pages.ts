/*
 * The code of pages: every block of TypeScript, compiled in strict mode and run as a program of its own.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts'

const run = promisify(execFile)

export interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** The blocks of some Markdown files, in a folder where they compile and run. */
export class Pages {
  readonly folder: string
  readonly blocks: readonly string[]
  readonly #running: ChildProcess[] = []
  readonly #sandboxes: Sandbox[] = []
  #compiled: Promise<void> | undefined

  private constructor(folder: string, blocks: readonly string[]) {
    this.folder = folder
    this.blocks = blocks
  }

  static async open(paths: readonly string[]): Promise<Pages> {
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
    const blocks = texts.flatMap(blocksOf)
    const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-pages-'))
    await symlink(resolve('node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    // A block without an import or an export would be a script, where nothing may be awaited.
    await Promise.all(
      blocks.map((block, i) => writeFile(join(folder, `block-${i}.ts`), `${block}\nexport {${namesIn(block)}}\n`)),
    )
    return new Pages(folder, blocks)
  }

  /** The number of the one block that has `text`. */
  blockWith(text: string): number {
    const found = this.blocks.flatMap((block, i) => (block.includes(text) ? [i] : []))
    expect({ text, found: found.length }).toEqual({ text, found: 1 })
    return found[0] as number
  }

  /** Compiles every block into `out`, once. Rejects with what the compiler says. */
  compile(): Promise<void> {
    this.#compiled ??= this.#compile()
    return this.#compiled
  }

  async #compile(): Promise<void> {
    const flags = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--outDir', 'out']
    const files = this.blocks.map((_, i) => `block-${i}.ts`)
    await run('node', [resolve('node_modules/typescript/bin/tsc'), ...flags, ...files], { cwd: this.folder }).catch(
      (error) => {
        throw new Error(error.stdout)
      },
    )
  }

  /** Starts a compiled block as a program. */
  start(text: string, env: Record<string, string>, cwd = this.folder): ChildProcess {
    return this.#spawn(`out/block-${this.blockWith(text)}.js`, env, cwd)
  }

  /** Starts a program that uses blocks: `BLOCK(text)` in it is the import path of the block with that text. */
  async startProgram(source: string, env: Record<string, string> = {}, cwd = this.folder): Promise<ChildProcess> {
    const program = source.replaceAll(/BLOCK\((.*?)\)/g, (_, text) => `./block-${this.blockWith(text)}.js`)
    await writeFile(join(cwd, 'out', 'program.js'), program)
    return this.#spawn('out/program.js', env, cwd)
  }

  /** Runs such a program to its end. Resolves with what it prints last, as JSON. */
  async runProgram(source: string, env: Record<string, string> = {}, cwd = this.folder): Promise<unknown> {
    const { stdout, stderr, code } = await output(await this.startProgram(source, env, cwd))
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  }

  /** Another folder with the same compiled blocks, in which an import of `name` gives another package. */
  async withPackage(name: string, other: string): Promise<string> {
    const folder = await mkdtemp(join(this.folder, `with-${other}-`))
    const modules = join(folder, 'node_modules')
    await mkdir(modules, { recursive: true })
    const names = (await readdir('node_modules')).filter((entry) => entry !== name && !entry.startsWith('.'))
    await Promise.all(names.map((entry) => symlink(resolve('node_modules', entry), join(modules, entry))))
    await symlink(resolve('node_modules', other), join(modules, name))
    await symlink(join(this.folder, 'package.json'), join(folder, 'package.json'))
    await mkdir(join(folder, 'out'))
    for (const file of await readdir(join(this.folder, 'out'))) {
      await writeFile(join(folder, 'out', file), await readFile(join(this.folder, 'out', file)))
    }
    return folder
  }

  #spawn(file: string, env: Record<string, string>, cwd: string): ChildProcess {
    const child = spawn(process.execPath, [file], {
      cwd,
      env: { ...process.env, NODE_ENV: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.push(child)
    return child
  }

  /** Starts a sandbox for an app at `origin`. It says yes to everything by itself. */
  async startSandbox(origin: string, options: SandboxOptions = {}): Promise<Sandbox> {
    const sandbox = await createSandbox({ approve: true, redirectURI: `${origin}/auth/ilert/callback`, ...options })
    this.#sandboxes.push(sandbox)
    return sandbox
  }

  /** Ends what still runs. For `afterEach`. */
  async stop(): Promise<void> {
    for (const child of this.#running.splice(0)) child.kill('SIGKILL')
    await Promise.all(this.#sandboxes.splice(0).map((sandbox) => sandbox.close()))
  }

  /** For `afterAll`. */
  async remove(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The blocks of TypeScript that stand by themselves. One that begins with a file's name belongs to a project: follow.ts. */
function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```ts\n(?!\/\/ [\w./-]+\n)(.*?)^```$/gms)].map((match) => match[1] ?? '')
}

/** What a block declares, for programs to use. */
function namesIn(block: string): string {
  return [...block.matchAll(/^const (\w+) =/gm)].map((match) => match[1]).join(', ')
}

/**
 * The blocks of one page, compiled before the tests of a file. A test fails unless each of them has one of the texts in `run`:
 * those are what the tests name.
 */
export function pageUnderTest(path: string, run: readonly string[]): () => Pages {
  let pages: Pages | undefined
  const page = () => pages as Pages

  beforeAll(async () => {
    pages = await Pages.open([path])
    await pages.compile()
    await writeFile(join(pages.folder, 'out', 'app.js'), APP)
  }, 60_000)
  afterEach(() => pages?.stop())
  afterAll(() => pages?.remove())

  test(`every block of ${path} is run by one of these tests`, () => {
    for (const text of run) page().blockWith(text)
    expect(page().blocks.filter((block) => !run.some((text) => block.includes(text)))).toEqual([])
  })
  return page
}

/** All that a process writes, and its exit code. */
export async function output(child: ChildProcess): Promise<Output> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (chunk) => (stdout += chunk))
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { stdout, stderr, code }
}

/** Resolves when an address answers. */
export async function answers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (tries === 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A module for programs: an app of one sign-in with a sandbox of its own, around the blocks of a page. */
const APP = `
  import { once } from 'node:events'
  import express from 'express'
  import session from 'express-session'
  import passport from 'passport'
  import { createSandbox } from 'passport-ilert/sandbox'

  export async function around(load, use) {
    const app = express()
    const server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = 'http://127.0.0.1:' + server.address().port
    const sandbox = await createSandbox({ port: 0, approve: true, redirectURI: origin + '/auth/ilert/callback' })
    Object.assign(process.env, sandbox.env)
    passport.serializeUser((user, done) => done(null, user))
    passport.deserializeUser((user, done) => done(null, user))
    const close = await load({ app, express, passport, sandbox, session, origin })
    const cookie = await sandbox.signIn(origin + '/auth/ilert')
    console.log(JSON.stringify(await use({ origin, sandbox, headers: { cookie } })))
    await close()
    server.closeAllConnections()
    server.close()
    await sandbox.close()
  }
  export const mount = ({ app, passport, session }, ilert) => {
    passport.use(ilert)
    app.use(session({ secret: 'test', resave: false, saveUninitialized: false }), passport.session(), ilert.session())
    app.get('/auth/ilert', passport.authenticate('ilert'))
    app.get('/auth/ilert/callback', passport.authenticate('ilert', { successRedirect: '/' }))
    app.get('/', (req, res) => res.json(req.user))
    return async () => {
      await ilert.tokens.close()
      await ilert.client.close()
    }
  }
`
