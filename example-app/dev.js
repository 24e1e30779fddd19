/*
 * `npm run dev`: compiles on every change, and restarts the app when something was compiled. The sandbox and the sessions
 * are kept here, where src/dev.ts asks for them: neither a restart nor a mistake signs anybody out.
 */
import { fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import session from 'express-session'

const cwd = import.meta.dirname
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const windows = process.platform === 'win32'
const DEV_SECRET = randomBytes(32).toString('base64url')

// Each in a group of its own: tsc starts another process, which would stay behind, and Ctrl+C is for this one to hand on.
const compiler = spawn(process.execPath, [tsc, '--watch', '--preserveWatchOutput'], {
  cwd,
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: !windows,
})
compiler.stdout.setEncoding('utf8').on('data', (text) => {
  process.stdout.write(text)
  if (text.includes('Found 0 errors')) restart() // what does not compile replaces nothing
})

let app
let restarting = false
let stopping = false

function startApp() {
  restarting = false
  app = fork('dist/server.js', { cwd, detached: !windows, env: { ...process.env, DEV_SECRET } })
  app.on('message', (question) => void answer(app, question))
  app.once('exit', () => {
    app = undefined
    if (stopping) return
    if (restarting) startApp()
    else console.log('The app has ended. It starts again when you change something.')
  })
}

/** A restart lets requests end; an app that has ended starts again. */
function restart() {
  restarting = true
  if (app) app.kill('SIGTERM')
  else startApp()
}

const sessions = new session.MemoryStore()
const kept = (method, args) =>
  new Promise((resolve, reject) => {
    sessions[method](...args, (error, value) => (error ? reject(error) : resolve(value)))
  })

let sandbox
const answers = {
  get: (...args) => kept('get', args),
  set: (...args) => kept('set', args),
  touch: (...args) => kept('touch', args),
  destroy: (...args) => kept('destroy', args),
  async sandbox(redirectURI) {
    const { createSandbox } = await import('passport-ilert/sandbox')
    sandbox ??= createSandbox({ redirectURI })
    return (await sandbox).env
  },
}

async function answer(asker, { id, ask, args }) {
  const said = await answers[ask](...args).then(
    (value) => ({ value }),
    ({ message }) => ({ error: message }),
  )
  if (asker.connected) asker.send({ id, ...said })
}

async function stop(signal) {
  if (stopping) return // npm hands Ctrl+C on to those who have it already
  stopping = true
  const group = Number(compiler.pid)
  process.kill(windows ? group : -group, signal)
  if (app) await new Promise((resolve) => app.once('exit', resolve).kill(signal))
  await (await sandbox)?.close()
  process.exit()
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(signal))
