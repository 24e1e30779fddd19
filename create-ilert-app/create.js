/*
 * `npm create ilert-app@latest my-desk`: copies a template, names it, installs, and says what comes next.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const TEMPLATES = join(import.meta.dirname, 'templates')

/** The names of `--template`, the first one by default. */
const NAMES = ['desk', 'minimal', 'spa']

const HELP = `Usage: npm create ilert-app@latest <folder> -- [options]

  --template desk       an on-call desk to start from (default)
  --template minimal    sign in, and one route that calls ilert
  --template spa        a page in the browser, and the server that keeps its tokens
  --javascript          with minimal: JavaScript in place of TypeScript
  --no-install          do not run npm install
  --help                this text
`

/** npm publishes no file of these names. */
const RENAMED = { gitignore: '.gitignore' }

/** A mistake of the caller's. The message says what to do. */
class Mistake extends Error {}

/**
 * @param {readonly string[]} args
 * @param {{ out: (text: string) => void, err: (text: string) => void }} terminal
 * @returns {number} the exit code
 */
export function command(args, { out, err }) {
  try {
    const options = readArguments(args)
    if (options === 'help') {
      out(HELP)
      return 0
    }
    const folder = create(options)
    const installed = options.install && install(folder)
    out(nextSteps(options.folder, installed))
    return options.install && !installed ? 1 : 0
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    if (!(error instanceof Mistake) && code === undefined) throw error
    err(`create-ilert-app: ${message}`)
    return 2
  }
}

/** @param {readonly string[]} args */
function readArguments(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      template: { type: 'string', default: NAMES[0] },
      javascript: { type: 'boolean', default: false },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1) {
    throw new Mistake('expected one folder: npm create ilert-app@latest my-desk')
  }
  const { template, javascript } = values
  if (!NAMES.includes(template)) throw new Mistake(`--template: expected one of ${NAMES.join(', ')}.`)
  if (javascript && template === 'desk')
    throw new Mistake('--javascript: the desk is written in TypeScript. Take --template minimal.')
  return {
    folder,
    template: template === 'minimal' && javascript ? 'minimal-js' : template,
    install: !values['no-install'],
  }
}

/** @param {{ folder: string, template: string }} options */
function create(options) {
  const folder = resolve(options.folder)
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Mistake(`${options.folder} is not empty. Choose another folder.`)
  }
  cpSync(join(TEMPLATES, options.template), folder, { recursive: true })
  for (const [from, to] of Object.entries(RENAMED)) {
    if (existsSync(join(folder, from))) renameSync(join(folder, from), join(folder, to))
  }
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  const named = { ...manifest, name: packageName(basename(folder)), version: '0.1.0', private: true }
  writeFileSync(file, `${JSON.stringify(named, null, 2)}\n`)
  return folder
}

/** @param {string} name */
function packageName(name) {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return plain || 'ilert-app'
}

/** @param {string} folder */
function install(folder) {
  // On Windows npm is a script, which only a shell finds.
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  return status === 0
}

/**
 * @param {string} folder
 * @param {boolean} installed
 */
function nextSteps(folder, installed) {
  const start = installed ? 'npm start' : 'npm install && npm start'
  return `
Your app is in ${folder}. Next:

  1. cd ${/\s/.test(folder) ? JSON.stringify(folder) : folder}
  2. ${start}      then open the address that it prints, and sign in: no ilert account is needed
  3. npm test       its tests, to which you add yours

README.md says how to point it to ilert, and where everything is.
`
}
