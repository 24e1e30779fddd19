/** Of the page at `/_sandbox/`: asks every second, and writes texts alone, never markup. */
export const SCRIPT = `
'use strict'
const $ = (id) => document.getElementById(id)
const shown = new Map()

async function ask(method, path, body) {
  const init = { method, headers: body === undefined ? {} : { 'content-type': 'application/json' } }
  if (body !== undefined) init.body = JSON.stringify(body)
  const response = await fetch('/_sandbox' + path, init)
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}

function element(name, text, className) {
  const made = document.createElement(name)
  made.textContent = text
  if (className) made.className = className
  return made
}

function button(text, press) {
  const made = element('button', text)
  made.type = 'button'
  made.addEventListener('click', () => act(press))
  return made
}

/** Only if something has changed: a selection and the focus stay. */
function fill(id, entries, make) {
  const as = JSON.stringify(entries)
  if (shown.get(id) === as) return
  shown.set(id, as)
  $(id).replaceChildren(...entries.map(make))
}

function line(text, more, ...buttons) {
  const made = element('li', '')
  const first = element('span', text + ' ')
  first.append(element('span', more, 'soft'))
  made.append(first, ...buttons)
  return made
}

const timeOf = (at) => new Date(at).toLocaleTimeString()

function showClock(now) {
  $('now').dateTime = new Date(now).toISOString()
  $('now').textContent = new Date(now).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'medium' })
  const seconds = Math.round((now - Date.now()) / 1000)
  $('ahead').textContent = Math.abs(seconds) < 2 ? '' : (seconds > 0 ? 'ahead by ' : 'slow by ') + span(Math.abs(seconds))
}

function span(seconds) {
  const parts = [[Math.floor(seconds / 86400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min']]
  const text = parts.filter(([count]) => count > 0).map(([count, unit]) => count + ' ' + unit).join(' ')
  return text || seconds + ' s'
}

function person(user) {
  const name = user.firstName + ' ' + user.lastName
  const revoke = button('Revoke', () => ask('POST', '/revoke', { username: user.username }))
  revoke.setAttribute('aria-label', 'Revoke the grants of ' + name)
  return line(name, user.username + ' · ' + user.role + ' at ' + user.tenant, revoke)
}

function token(one) {
  const more = one.username + ' · ' + one.clientID + ' · ' + one.scope + ' · until ' + new Date(one.expiresAt).toLocaleString()
  return line(one.kind + ' …' + one.end, more)
}

function fault(one) {
  const more = (one.times ? one.times + ' times' : 'until it is cleared') + (one.processed ? ', processed' : '')
  const clear = button('Clear', () => ask('DELETE', '/faults/' + one.id))
  clear.setAttribute('aria-label', 'Clear ' + one.kind + ' at ' + one.path)
  return line(one.kind + ' at ' + one.path, more, clear)
}

function request(one) {
  const row = element('tr', '')
  const status = element('td', one.status || '–', one.status >= 400 || one.status === 0 ? 'bad' : 'good')
  const note = [one.grantType, one.note].filter(Boolean).join(', ')
  row.append(element('td', timeOf(one.at)), element('td', one.method), element('td', one.path), status, element('td', note))
  return row
}

async function update() {
  const [clock, info, faults, tokens, requests] = await Promise.all(
    ['/clock', '/info', '/faults', '/tokens', '/requests?last=200'].map((path) => ask('GET', path)),
  )
  showClock(clock.now)
  fill('people', info.users, person)
  fill('faults', faults, fault)
  fill('tokens', tokens, token)
  fill('requests', requests.reverse(), request)
  say('')
}

function say(text) {
  if ($('problem').textContent !== text) $('problem').textContent = text
}

async function act(press) {
  try {
    await press()
    await update()
  } catch (error) {
    say(error.message)
  }
}

async function go() {
  try {
    if (!document.hidden) await update()
  } catch {
    say('The sandbox does not answer.')
  }
  setTimeout(go, 1000)
}

for (const one of document.querySelectorAll('#advance [data-ms]')) {
  one.addEventListener('click', () => act(() => ask('POST', '/clock', { advance: Number(one.dataset.ms) })))
}
$('to-now').addEventListener('click', () => act(() => ask('POST', '/clock', { set: Date.now() })))
$('reset').addEventListener('click', () => act(() => ask('POST', '/reset')))
$('fault').addEventListener('submit', (event) => {
  event.preventDefault()
  const { path, kind, times } = Object.fromEntries(new FormData(event.target))
  const body = { path, kind: Number(kind) || kind }
  if (times) body.times = Number(times)
  void act(() => ask('POST', '/faults', body))
})
void go()
`
