import { createHash } from 'node:crypto'
import { escapeHTML } from '../ilert/html.ts'
import { parseScope, scopes } from '../ilert/scopes.ts'
import type { Answer } from './messages.ts'
import type { App } from './state.ts'
import type { SandboxUser } from './users.ts'

/** Where the consent page's form goes. The sandbox's own path: ilert's is not known, and authorize takes GET alone. */
export const CONSENT_PATH = '/consent'

const STYLE = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #5b6776; --line: #d9dfe7; --card: #fff; --back: #f2f5f9;
  --accent: #1d5fd1; --on-accent: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf4; --soft: #9eabbb; --line: #323d4b; --card: #1a222c; --back: #10161d; --accent: #7fb0ff;
    --on-accent: #0b1a33 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1.5rem 1rem; min-height: 100vh; display: grid; place-items: center; background: var(--back);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 30rem; padding: clamp(1.25rem, 5vw, 2rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere }
p { margin: 0 0 1rem; color: var(--soft); overflow-wrap: anywhere }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0 }
legend, h2 { margin: 0 0 .5rem; padding: 0; font-size: .875rem; font-weight: 600 }
label { display: flex; gap: .75rem; align-items: center; padding: .625rem .75rem; border: 1px solid var(--line);
  cursor: pointer }
label:first-of-type { border-radius: .5rem .5rem 0 0 }
label:last-of-type { border-radius: 0 0 .5rem .5rem }
label + label { border-top: 0 }
label:has(:checked) { background: color-mix(in srgb, var(--accent) 10%, transparent) }
input { accent-color: var(--accent); flex: none; width: 1.125rem; height: 1.125rem; margin: 0 }
small { display: block; color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere }
ul { margin: 0 0 1.5rem; padding: 0; list-style: none }
li { padding: .5rem 0; border-bottom: 1px solid var(--line) }
code { font-size: .875em; overflow-wrap: anywhere }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem }
button { flex: 1 1 8rem; padding: .625rem 1rem; font: inherit; font-weight: 600; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: inherit }
button[value=allow] { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
footer { margin-top: 1.25rem; color: var(--soft); font-size: .8125rem }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** What the consent page has to show. */
export interface ConsentView {
  readonly app: App
  readonly scope: readonly string[]
  readonly users: readonly SandboxUser[]
  /** Who is chosen when the page opens; the first if it is not said. */
  readonly selected: SandboxUser | undefined
  /** The authorize request, which goes along in hidden fields. */
  readonly parameters: URLSearchParams
}

/** The page on which a user chooses who to be and what the app may do. It works without JavaScript. */
export function consentPage({ app, scope, users, selected = users[0], parameters }: ConsentView): Answer {
  const hidden = [...parameters].map(
    ([name, value]) => `<input type="hidden" name="${escapeHTML(name)}" value="${escapeHTML(value)}">`,
  )
  const body = `
<h1>Allow <code>${escapeHTML(app.clientID)}</code> to use your ilert account?</h1>
<p>You go back to ${escapeHTML(new URL(app.redirectURI).origin)} afterwards.</p>
<form method="post" action="${CONSENT_PATH}">
${hidden.join('\n')}
<fieldset>
<legend>You are</legend>
${users.map((user) => userChoice(user, user === selected)).join('\n')}
</fieldset>
<h2 id="scopes">The app may use</h2>
<ul aria-labelledby="scopes">
${scope.map(scopeLine).join('\n')}
</ul>
<div class="buttons">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>`
  return page(200, 'Allow access', body, formTargets(app.redirectURI))
}

/** A page for what cannot be sent back to an app. */
export function errorPage(status: number, message: string): Answer {
  return page(status, 'This does not work', `<h1>This does not work</h1>\n<p>${escapeHTML(message)}</p>`, "'none'")
}

/** A page as a proxy in front of ilert might show it. */
export function proxyErrorPage(): Answer {
  return page(502, 'Bad gateway', '<h1>502 Bad gateway</h1>\n<p>The server did not answer.</p>', "'none'")
}

function userChoice(user: SandboxUser, checked: boolean): string {
  const { username, firstName, lastName, role, tenant } = user
  return `<label><input type="radio" name="user" value="${escapeHTML(username)}"${checked ? ' checked' : ''} required>
<span>${escapeHTML(`${firstName} ${lastName}`)}
<small>${escapeHTML(`${username} · ${role} at ${tenant}`)}</small></span></label>`
}

const PERMISSIONS = { r: 'read', w: 'read and write', d: 'read, write and delete' }

const EVERYTHING = { paths: ['/api'], description: 'Every resource' }

function scopeLine(scope: string): string {
  const { resource, permission } = parseScope(scope)
  const entry = resource === 'wildcard' ? EVERYTHING : scopes[resource]
  // What opens no path is nothing to read or write.
  const permitted = entry && entry.paths.length > 0 ? `: ${PERMISSIONS[permission]}` : ''
  return `<li>${escapeHTML(`${entry?.description ?? resource}${permitted}`)} <small><code>${escapeHTML(scope)}</code></small></li>`
}

function page(status: number, title: string, body: string, formAction: string): Answer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        `style-src 'sha256-${STYLE_HASH}'`,
        `form-action ${formAction}`,
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHTML(title)} · ilert sandbox</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
<footer>This is a sandbox: nobody here is real.</footer>
</main>
</body>
</html>
`,
    ...(status >= 400 && { note: 'error page' }),
  }
}

/**
 * Chromium holds `form-action` against every redirect that follows the form: to the app's callback, and from there to
 * where the app goes on, which in development may be a front end on another port.
 */
function formTargets(redirectURI: string): string {
  const { origin, protocol, hostname } = new URL(redirectURI)
  // A source list cannot name an IPv6 address.
  const app = hostname.startsWith('[') ? protocol : origin
  return `'self' ${app} http://localhost:* http://127.0.0.1:*`
}
