/*
 * Does what a page tells its reader to do, word for word, in a folder of its own: saves the files and runs the commands.
 * passport-ilert comes from the packed tarball.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packedTarball } from './pack.ts'
import { startRegistry } from './registry.ts'
import { run } from './run.ts'

/** A file to save, or commands to run. */
export type Step = { readonly save: string; readonly text: string } | { readonly run: string }

/** Where readers get passport-ilert from. */
export interface Source {
  readonly env: Record<string, string>
  close(): Promise<void>
}

/** A program that goes on. */
export interface Started {
  readonly address: string
  exited(): boolean
  stop(): Promise<void>
}

/** What a program says at which address it can be reached. */
const ADDRESS = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/

/**
 * The steps of a page, or of the part of it below one heading. A block whose first line is a comment with a file's name is
 * a file; a block of `sh` is run. Other blocks are there to be read.
 */
export function stepsOf(page: string, heading?: string): Step[] {
  const blocks = partOf(page, heading).matchAll(/^```(\w+)\n(.*?)^```$/gms)
  return [...blocks].flatMap(([, language = '', text = '']): Step[] => {
    if (language === 'sh') return [{ run: text }]
    const [, name] = /^(?:\/\/|#) ([\w./-]+\.\w+)\n/.exec(text) ?? []
    return name === undefined ? [] : [{ save: name, text }]
  })
}

function partOf(page: string, heading: string | undefined): string {
  if (heading === undefined) return page
  const [, text] = new RegExp(`^## ${heading}\n(.*?)(?=^## |\\Z)`, 'ms').exec(`${page}\n## `) ?? []
  if (text === undefined) throw new Error(`There is no heading '${heading}'.`)
  return text
}

/** Offers the packed package. Close it in `afterAll`. */
export async function offerPackage(): Promise<Source> {
  const registry = await startRegistry(await packedTarball())
  return {
    env: { npm_config_registry: registry.url, npm_config_prefer_offline: 'true' },
    close: () => registry.close(),
  }
}

/** A reader who does what a page says. */
export class Reader {
  readonly folder: string
  readonly #env: Record<string, string>
  readonly #programs: ChildProcess[] = []

  private constructor(folder: string, env: Record<string, string>) {
    this.folder = folder
    this.#env = env
  }

  /** @param env what is in the environment of every command, beside what the tests themselves have */
  static async open({ env }: Source, more: Record<string, string> = {}): Promise<Reader> {
    const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-reader-'))
    return new Reader(folder, { ...NOT_OF_TESTS, ...env, ...more })
  }

  /** Another reader who has done the same so far. */
  async copy(): Promise<Reader> {
    const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-reader-'))
    await cp(this.folder, folder, { recursive: true, verbatimSymlinks: true })
    return new Reader(folder, this.#env)
  }

  /** Does the steps, all of which come to an end. Resolves to what the commands printed. */
  async follow(steps: readonly Step[]): Promise<string> {
    let printed = ''
    for (const step of steps) {
      if ('save' in step) await this.#save(step)
      else printed += await this.#run(step.run)
    }
    return printed
  }

  /** Starts a program that goes on. Resolves when it has printed its address. */
  async start({ run: command }: { run: string }): Promise<Started> {
    const env = { ...process.env, ...this.#env }
    const program = spawn('sh', ['-ec', command], { cwd: this.folder, env, detached: true })
    this.#programs.push(program)
    let output = ''
    program.stderr.on('data', (chunk) => (output += chunk))
    for await (const chunk of program.stdout) {
      output += chunk
      const [address] = ADDRESS.exec(output) ?? []
      if (address !== undefined) return { address, exited: () => hasEnded(program), stop: () => end(program) }
    }
    throw new Error(`${command} ended without an address:\n${output}`)
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8')
  }

  /** For `afterEach`. */
  async close(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map(end))
    await rm(this.folder, { recursive: true, force: true })
  }

  async #save({ save: name, text }: { save: string; text: string }): Promise<void> {
    await mkdir(dirname(join(this.folder, name)), { recursive: true })
    await writeFile(join(this.folder, name), text)
  }

  async #run(commands: string): Promise<string> {
    const { stdout, stderr } = await run('sh', ['-ec', commands], { cwd: this.folder, env: this.#env })
    return stdout + stderr
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** Ends a program and those that it has started. */
async function end(program: ChildProcess): Promise<void> {
  if (hasEnded(program)) return
  const exit = once(program, 'exit')
  process.kill(-(program.pid as number), 'SIGKILL')
  await exit
}

/** What a test runner sets, and a reader's shell does not. */
const NOT_OF_TESTS = { NODE_ENV: '', NODE_OPTIONS: '', CI: '', JEST_WORKER_ID: '' }

/** The last step, which starts a program that goes on, and those before it. */
export function lastApart(steps: readonly Step[]): { before: readonly Step[]; last: { run: string } } {
  const last = steps.at(-1)
  if (!last || !('run' in last)) throw new Error('The last step runs nothing.')
  return { before: steps.slice(0, -1), last }
}
