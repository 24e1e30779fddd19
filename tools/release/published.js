/* What of the repository's own files is published in another form. */
import { addressOf } from './address.js'

/**
 * The manifest as apps get it: without what is of use in the repository only, and with the pages that npm links to.
 *
 * @param {{ [field: string]: unknown, repository: { url: string } }} manifest
 */
export function publishedManifest(manifest) {
  const {
    private: _private,
    workspaces: _workspaces,
    scripts: _scripts,
    devDependencies: _dev,
    ...published
  } = manifest
  const address = addressOf(manifest)
  return { ...published, homepage: `${address}#readme`, bugs: `${address}/issues` }
}

/**
 * A page in which no link leads to a file that is not published. Code is left as it is.
 *
 * @param {string} markdown
 * @param {string} address of the repository
 * @param {readonly string[]} published the files beside the page
 */
export function publishedPage(markdown, address, published) {
  const parts = markdown.split(/^(```[\s\S]*?^```$)/m)
  const absolute = (/** @type {string} */ text) =>
    text.replaceAll(/\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (link, path, heading = '') =>
      published.includes(path) ? link : `](${address}/blob/HEAD/${path}${heading})`,
    )
  return parts.map((part, n) => (n % 2 === 1 ? part : absolute(part))).join('')
}
