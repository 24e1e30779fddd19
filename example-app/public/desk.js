// Makes the desk live. Without this everything works too: the page is as it was when it was loaded.
const EVERY_MS = 30_000

let token = readToken()
let updatedAt = performance.now()

setInterval(showToken, 1000)
setInterval(() => void update(), EVERY_MS)
document.addEventListener('visibilitychange', () => {
  if (performance.now() - updatedAt > EVERY_MS) void update()
})
document.addEventListener('submit', (event) => {
  if (!event.target.closest('#alerts')) return
  event.preventDefault()
  void act(event.target)
})

/** Accepts or resolves without loading the page anew. */
async function act(form) {
  const button = form.querySelector('button')
  button.disabled = true
  try {
    const response = await fetch(form.action, { method: 'POST' })
    if (response.status !== 403) return await show(response, form.closest('tr').id)
    say(parse(await response.text()).querySelector('main p').textContent)
  } catch {
    say('That did not work: the desk or ilert does not answer. Try again.')
  }
  button.disabled = false
  button.focus() // which it lost while it was disabled
}

async function update() {
  if (document.hidden) return
  try {
    await show(await fetch('/'))
  } catch {
    say('This page is not live right now: the desk does not answer. It tries again by itself.')
  }
}

/** Takes over from a new version of this page what has changed. */
async function show(response, rowToFocus) {
  if (response.status >= 500) throw new Error(`status ${response.status}`)
  const page = parse(await response.text())
  if (!page.querySelector('#alerts')) return location.reload() // signed out, or not allowed: the page says what to do
  const focused = document.activeElement
  for (const fresh of page.querySelectorAll('[data-live]')) document.getElementById(fresh.id)?.replaceWith(fresh)
  const notice = say(page.getElementById('notice').textContent)
  if (rowToFocus) (document.querySelector(`#${rowToFocus} button`) ?? notice).focus()
  else if (!focused.isConnected) {
    const controls = [...document.querySelectorAll('[data-live] :is(a, button)')]
    controls.find((control) => labelOf(control) === labelOf(focused))?.focus()
  }
  token = readToken()
  updatedAt = performance.now()
}

function parse(html) {
  return new DOMParser().parseFromString(html, 'text/html')
}

function labelOf(control) {
  return control.getAttribute('aria-label') ?? control.textContent
}

function say(text) {
  const notice = document.getElementById('notice')
  if (notice.textContent !== text) notice.textContent = text
  return notice
}

/** The bar as the server has sent it, by a clock that nobody sets. */
function readToken() {
  const bar = document.getElementById('token')
  return bar && { leftMs: bar.value, at: performance.now() }
}

function showToken() {
  const bar = document.getElementById('token')
  if (bar && token) bar.value = Math.max(0, token.leftMs - (performance.now() - token.at))
}
