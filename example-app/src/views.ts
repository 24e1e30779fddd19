import type { RequestIlert } from 'passport-ilert'
import { parseScope, scopes } from 'passport-ilert'
import { html, type Markup } from './html.ts'

/** What every page has. */
interface Page {
  readonly user: Express.User | undefined
  /** Whether to say that this is not ilert. */
  readonly sandbox: boolean
}

/** How things stand with ilert, as `req.ilert` knows it. */
type TokenState = Pick<RequestIlert, 'connected' | 'scope' | 'expiresAt'>

/** What an error page says, and where its button leads. */
export interface ErrorText {
  readonly title: string
  readonly advice: string
  readonly action: { readonly label: string; readonly href: string }
}

export function landingPage(page: Page): Markup {
  const action = page.user
    ? html`<a class="button" href="/me">Your page</a>`
    : html`<a class="button" href="/auth/ilert">Sign in with ilert</a>`
  return layout(
    page,
    'Sign in with ilert',
    html`<section class="card hero">
  <h1>Sign in with your ilert account</h1>
  <p>No password to choose and none to forget: this app asks ilert who you are, and shows you what it learns.</p>
  ${action}
</section>`,
  )
}

export function mePage(page: Page & { user: Express.User }, tokens: TokenState, now: number): Markup {
  const { name, username, role, account } = page.user
  return layout(
    page,
    name,
    html`<section class="card person">
  <span class="avatar" aria-hidden="true">${initials(name)}</span>
  <div>
    <h1>${name}</h1>
    <p>Signed in with ilert</p>
  </div>
  <dl>
    <div><dt>Username</dt><dd>${username}</dd></div>
    <div><dt>Role</dt><dd>${role ?? 'not known'}</dd></div>
    <div><dt>Account</dt><dd>${account ?? 'not known'}</dd></div>
  </dl>
</section>
<section class="card">
  <h2>What you have granted</h2>
  <ul class="scopes">${tokens.scope.map(scopeItem)}</ul>
</section>
<section class="card">
  <h2>The connection to ilert</h2>
  ${connection(tokens, now)}
</section>
<form method="post" action="/logout"><button class="quiet">Sign out</button></form>`,
  )
}

export function errorPage(page: Page, { title, advice, action }: ErrorText): Markup {
  return layout(
    page,
    title,
    html`<section class="card hero">
  <h1>${title}</h1>
  <p>${advice}</p>
  <a class="button" href="${action.href}">${action.label}</a>
</section>`,
  )
}

function layout({ user, sandbox }: Page, title: string, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Example app</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
${sandbox && html`<p class="banner"><strong>Sandbox:</strong> no ilert account is used; sign in as any of the people it offers.</p>`}
<header><a href="/"><img src="/icon.svg" alt="" width="28" height="28">Example app</a>${user && html`<a href="/me">${user.name}</a>`}</header>
<main>
${body}
</main>
</body>
</html>
`
}

function connection({ connected, expiresAt }: TokenState, now: number): Markup {
  if (!connected) {
    return html`<p class="state off">Not connected. You are signed in here, but ilert has ended its part.</p>
  <a class="button" href="/auth/ilert">Connect again</a>`
  }
  return html`<p class="state on">Connected</p>
  <p>${expiresAt === undefined ? 'When the access token ends is not known right now.' : html`The access token ends ${inMinutes(expiresAt - now)}, at ${clockTime(expiresAt)}.`}</p>`
}

function scopeItem(scope: string): Markup {
  return html`<li><code>${scope}</code> ${scopes[parseScope(scope).resource]?.description}</li>`
}

function inMinutes(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes < 1 ? 'within a minute' : `in ${minutes} minute${minutes === 1 ? '' : 's'}`
}

/** In UTC: the server does not know what the clock on the user's wall says. */
function clockTime(at: number): Markup {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}">${iso.slice(11, 16)} UTC</time>`
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '').join('')
}
