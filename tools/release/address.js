/*
 * Where the repository is. package.json says so once, in `repository`; everything else that needs the address is made of it.
 */

/** What stands in the place of an owner until the address is known. */
const PLACEHOLDER = 'OWNER'

/**
 * The repository's page.
 *
 * @param {{ repository: { url: string } }} manifest
 */
export function addressOf({ repository }) {
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '')
}

/**
 * Says why the package cannot be published from where it says it is. Undefined: it can.
 *
 * @param {{ repository: { url: string } }} manifest
 */
export function problemWithAddress(manifest) {
  const address = addressOf(manifest)
  if (!address.split('/').includes(PLACEHOLDER)) return undefined
  return (
    `package.json: repository.url is still a placeholder, ${manifest.repository.url}. Put the repository's address there. ` +
    'Nothing else is to be changed: bugs, homepage and the links of the published README are made of it.'
  )
}
