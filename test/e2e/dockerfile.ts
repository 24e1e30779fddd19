import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { dockerIgnore } from './dockerignore.ts'

/** One line of a Dockerfile. */
interface Instruction {
  readonly keyword: string
  readonly rest: string
}

/** What a Dockerfile's last stage comes to. */
export interface Image {
  /** Where its files are, instead of in the image. */
  readonly folder: string
  readonly env: Record<string, string>
  /** Who it runs as. */
  readonly user: string
  readonly command: readonly string[]
  /** For a shell. */
  readonly healthcheck: string
}

type Run = (command: string, options: { cwd: string; env: Record<string, string> }) => Promise<void>

/**
 * Does what a Dockerfile says, without Docker: stages are folders beneath `work`, `run` runs commands in them on this
 * machine. Knows what ours uses, and refuses anything else.
 */
export async function buildImage(context: string, work: string, run: Run): Promise<Image> {
  const isIgnored = dockerIgnore(await readFile(join(context, '.dockerignore'), 'utf8'))
  const stages = new Map<string, string>()
  let folder = ''
  let image = { env: {} as Record<string, string>, user: 'root', command: [] as string[], healthcheck: '' }

  const copy = async (rest: string) => {
    const [, from, sources = '', target = ''] = /^(?:--from=(\S+) )?(.+) (\S+)$/.exec(rest) ?? []
    expect(target).toMatch(/^\.\/?$/)
    const origin = from === undefined ? context : stages.get(from)
    if (origin === undefined) throw new Error(`There is no stage ${from}.`)
    const isWanted = (name: string) =>
      from !== undefined || sources.split(' ').some((source) => patternOf(source).test(name))
    const filter = (path: string) => from !== undefined || !isIgnored(relative(context, path))
    for (const name of (await readdir(origin)).filter(isWanted)) {
      await cp(join(origin, name), join(folder, name), { recursive: true, verbatimSymlinks: true, filter })
    }
  }

  for (const { keyword, rest } of parse(await readFile(join(context, 'Dockerfile'), 'utf8'))) {
    switch (keyword) {
      case 'FROM': {
        const [, name = 'last'] = /^node:\d+-slim(?: AS (\w+))?$/.exec(rest) ?? []
        folder = join(work, name)
        stages.set(name, folder)
        image = { env: {}, user: 'root', command: [], healthcheck: '' }
        await mkdir(folder)
        break
      }
      case 'WORKDIR':
        expect(rest).toBe('/app')
        break
      case 'COPY':
        await copy(rest)
        break
      case 'RUN':
        await run(rest, { cwd: folder, env: image.env })
        break
      case 'ENV':
        Object.assign(image.env, Object.fromEntries([rest.split('=')]))
        break
      case 'USER':
        image.user = rest
        break
      case 'EXPOSE':
        break
      case 'HEALTHCHECK':
        image.healthcheck = rest.replace(/^CMD /, '')
        break
      case 'CMD':
        image.command = JSON.parse(rest)
        break
      default:
        throw new Error(`What is ${keyword}?`)
    }
  }
  return { ...image, folder }
}

function parse(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keyword: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
}

/** The names that a pattern without folders stands for. */
function patternOf(source: string): RegExp {
  if (source === '.') return /^/
  return new RegExp(`^${source.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
}
