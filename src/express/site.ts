import type { Application, Request } from 'express'
import { ENV_OPTIONS } from '../client/options.ts'
import { IlertError } from '../ilert/errors.ts'
import { forwardedHeader, parentOf } from './express.ts'
import { absoluteURL } from './redirect-uri.ts'

/** Unreserved characters alone (RFC 3986, section 2.3), and no dot segments: no browser and no server resolves any of it. */
const PLAIN_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
const LONGEST = 256

/** A plain path without a slash at its end, and '' for the root; undefined if it is anything else. */
function plainPath(path: string): string | undefined {
  const bare = path.replace(/\/$/, '')
  return bare === '' || (bare.length <= LONGEST && PLAIN_PATH.test(bare)) ? bare : undefined
}

/** @throws TypeError */
export function basePathOption(value: string | undefined): string | undefined {
  const path = value === undefined ? undefined : plainPath(value)
  if (value === undefined || (path !== undefined && value.startsWith('/'))) return path
  throw new TypeError(
    `basePath (${ENV_OPTIONS.basePath}): expected a path such as /portal, of letters, digits, '-', '.', '_' and '~'.`,
  )
}

function isBelow(path: string, base: string): boolean {
  return path.startsWith(base) && ['', '/', '?'].includes(path.charAt(base.length))
}

/** A path below a base; as it is, if it is there already: not every proxy removes the prefix, and some apps restore it. */
function below(base: string, path: string): string {
  return isBelow(path, base) ? path : base + path
}

/**
 * The app as a browser finds it. Its paths may be longer there than they are here: a proxy may have removed a prefix, and
 * an app may be mounted in another one. docs/decisions/where-the-browser-finds-the-app.md
 */
export class Site {
  readonly #basePath: string | undefined
  readonly #callbackURL: string
  /** The apps in which `ilert.session()` runs. */
  readonly #apps = new WeakSet<Application>()

  /** @param o.callbackURL a URL, or a path of the app. */
  constructor({ basePath, callbackURL }: { basePath: string | undefined; callbackURL: string }) {
    this.#basePath = basePath
    this.#callbackURL = callbackURL
  }

  /** To be called where `ilert.session()` runs: the callback is a route of the same app. */
  serve({ app }: Request): void {
    this.#apps.add(app)
  }

  /**
   * The callback's URL, as it is registered at ilert.
   *
   * @throws IlertError 400 `invalid_host`, `invalid_prefix`
   */
  callbackURL(req: Request): string {
    return absoluteURL(req, this.#callbackURL.startsWith('/') ? this.find(req, this.#callbackURL) : this.#callbackURL)
  }

  /** Whether a request is for the callback's path. */
  isCallback(req: Request): boolean {
    const path = this.#callbackURL.startsWith('/')
      ? this.find(req, this.#callbackURL)
      : new URL(this.#callbackURL).pathname
    return this.pathOf(req).split('?', 1)[0] === path.split('?', 1)[0]
  }

  /**
   * The path that the browser has asked for, with its query. What a client sends that is no browser need not be a path.
   *
   * @throws IlertError 400 `invalid_prefix`
   */
  pathOf(req: Request): string {
    const { originalUrl } = req
    return originalUrl.startsWith('/') ? below(this.#prefixOf(req), originalUrl) : originalUrl
  }

  /** The app's home page. */
  homeOf(req: Request): string {
    return `${this.#prefixOf(req)}${this.#mountOf(req)}/`
  }

  /** A path of the app, as a browser asks for it. */
  find(req: Request, path: string): string {
    const [prefix, mount] = [this.#prefixOf(req), this.#mountOf(req)]
    return isBelow(path, prefix + mount) ? path : below(prefix, below(mount, path))
  }

  /** What a proxy has removed from the path. */
  #prefixOf(req: Request): string {
    if (this.#basePath !== undefined) return this.#basePath
    // A proxy that removes a prefix from what another one has left adds its own at the end.
    const parts = forwardedHeader(req, 'x-forwarded-prefix')?.split(',') ?? []
    const paths = parts.map((part) => plainPath(part.trim()))
    const prefix = paths.join('')
    if (!paths.includes(undefined) && prefix.length <= LONGEST) return prefix
    throw new IlertError('X-Forwarded-Prefix is not a plain path. Check the proxy, or set basePath.', {
      code: 'invalid_prefix',
      status: 400,
    })
  }

  /** Where the app is mounted that has the callback; '' if that is no fixed place. */
  #mountOf({ app }: Request): string {
    let owner: Application | undefined = app
    while (owner && !this.#apps.has(owner)) owner = parentOf(owner)
    return plainPath((owner ?? app).path()) ?? ''
  }
}
