// The page. It knows no token: it asks its own server, and the browser sends the session's cookie along.

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))

/** What the server says of who is signed in. */
let me = await (await fetch('/me')).json()

/** Sends the browser to sign in, and back to this page. */
function signIn(/** @type {string} */ loginURL, returnTo = '/') {
  const separator = loginURL.includes('?') ? '&' : '?'
  location.assign(`${loginURL}${separator}returnTo=${encodeURIComponent(returnTo)}`)
}

function say(/** @type {string} */ text) {
  $('notice').textContent = text
}

/**
 * One call of ilert's API. Where a sign-in would help, the browser goes there, and comes back to `returnTo`.
 *
 * @param {string} path
 * @param {{ method?: string, returnTo?: string }} [options]
 * @returns the JSON of the answer; undefined if there is none
 */
async function call(path, { method = 'GET', returnTo } = {}) {
  // The header is for browsers that do not send Sec-Fetch-Site; any value will do.
  const response = await fetch(`/api/ilert${path}`, { method, headers: { 'X-Requested-With': 'fetch' } })
  const body = await response.json().catch(() => undefined)
  if (response.ok) return body
  if (body?.loginURL) signIn(body.loginURL, returnTo)
  else if (body?.error === 'insufficient_scope') say(`This needs the scope ${body.scope}, which was not granted.`)
  else say(body?.message ?? `The server answered ${response.status}.`)
  return undefined
}

async function accept(/** @type {{ id: number, summary: string }} */ { id, summary }) {
  const accepted = await call(`/api/alerts/${id}/accept`, { method: 'PUT', returnTo: `/?alert=${id}` })
  if (!accepted) return
  say(`Accepted: ${summary}`)
  await showAlerts()
}

function itemOf(/** @type {any} */ alert) {
  const item = document.createElement('li')
  item.textContent = `${alert.summary} (${alert.status.toLowerCase()}) `
  if (alert.status === 'PENDING') {
    const button = document.createElement('button')
    button.id = `alert-${alert.id}`
    button.textContent = 'Accept'
    button.setAttribute('aria-label', `Accept: ${alert.summary}`)
    button.addEventListener('click', () => void accept(alert))
    item.append(button)
  }
  return item
}

async function showAlerts() {
  const alerts = await call('/api/alerts?states=PENDING&states=ACCEPTED&max-results=20')
  if (!alerts) return
  $('alerts').replaceChildren(...alerts.map(itemOf))
}

async function signOut() {
  await fetch(me.logoutURL, { method: 'POST' })
  me = await (await fetch('/me')).json()
  $('alerts').replaceChildren()
  await show()
}

async function show() {
  $('user').textContent = me.connected ? `Signed in as ${me.user.displayName}` : 'Nobody is signed in.'
  $('sign-in').hidden = me.connected
  $('sign-out').hidden = !me.user
  $('board').hidden = !me.connected
  say('')
  if (me.connected) await showAlerts()
}

$('sign-in').addEventListener('click', () => signIn(me.loginURL))
$('sign-out').addEventListener('click', () => void signOut())
$('reload').addEventListener('click', () => void showAlerts())

await show()
// Back from a step-up: the button is shown, and pressed by the user alone. Any site can link to this page.
const wanted = new URLSearchParams(location.search).get('alert')
if (wanted) document.getElementById(`alert-${wanted}`)?.focus()
