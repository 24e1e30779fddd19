// Makes the list live. Without this everything works too: the page is as it was when it was loaded.
import { showTimes, timeAgo } from './times.js'

const EVERY_MS = 30_000
const PATIENCE_MS = 15_000

let asked = 0 // versions of the page that were asked for
let shown = 0 // the newest of them that is shown
let updatedAt = performance.now()
let pointer = { x: -1, y: -1 }

document.documentElement.classList.add('live')
setInterval(() => void update(), EVERY_MS)
document.addEventListener('visibilitychange', () => {
  if (performance.now() - updatedAt > EVERY_MS) void update()
})
document.addEventListener('pointermove', ({ clientX: x, clientY: y }) => {
  pointer = { x, y }
})
document.addEventListener('submit', (event) => {
  if (!event.target.closest('#rows')) return
  event.preventDefault()
  void act(event.target)
})

async function update() {
  showTimes()
  if (document.hidden) return
  const version = ++asked
  try {
    const response = await load(location.href)
    show(version, response)
  } catch (error) {
    sayStale(error)
  }
}

/** Accepts without loading the page anew. */
async function act(form) {
  const button = form.querySelector('button')
  const row = form.closest('.row')
  button.disabled = true // a second tap does nothing
  try {
    const response = await load(form.action, { method: 'POST' })
    show(++asked, response) // newer than whatever was asked for while this was under way
  } catch (error) {
    say(error.advice ?? 'That did not work: the desk or ilert does not answer. Try again.')
  }
  button.disabled = false
  const target = button.isConnected ? button : row
  target.focus({ preventScroll: true }) // never another button: Enter may be pressed twice
}

/** Gets a version of this page. Throws an error that says why there is none. */
async function load(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) })
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  if (page.querySelector('#alerts')) return page
  if (response.status === 403) throw new Refused(page.querySelector('main section p').textContent)
  if (response.status === 429) throw new Refused('There were too many requests. Wait a minute, then try again.')
  if (response.status >= 500) throw new Error(`status ${response.status}`)
  location.reload() // signed out: the page says what to do
  return await new Promise(() => {})
}

class Refused extends Error {
  constructor(advice) {
    super(advice)
    this.advice = advice
  }
}

/** Takes over from a version of this page what has changed, and moves no row that can be seen. */
function show(version, page) {
  if (version < shown) return // it was overtaken
  shown = version
  say(page.getElementById('notice').textContent)
  if (page.getElementById('connect')) return location.reload()
  const problem = page.querySelector('#alerts .problem')
  if (problem) return sayStale({ advice: problem.textContent })
  // There is no row yet that could be moved: an empty list, or a page that was loaded while ilert did not answer.
  const list = document.getElementById('rows')
  if (!list || (!list.firstElementChild && page.querySelector('.row'))) return location.reload()
  keepInPlace(() => {
    document.title = page.title
    for (const id of ['count', 'as-of', 'stale', 'on-calls', 'pages']) replaceIfChanged(id, page)
    mergeRows(page)
    showTimes()
  })
  updatedAt = performance.now()
}

const sources = new Map()

/** Leaves alone what the server sends as it did before: a selection, the focus. */
function replaceIfChanged(id, page) {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)]
  const source = fresh?.outerHTML
  if (!old || !fresh || sources.get(id) === source) return
  sources.set(id, source)
  old.replaceWith(fresh)
}

function mergeRows(page) {
  const list = document.getElementById('rows')
  const fresh = [...page.querySelectorAll('.row')]
  const added = fresh.filter((row) => !replaceRow(row))
  markGone(list, fresh, page.querySelector('#rows[data-more]'))
  list.prepend(...added)
  if (added.length === 1) say(`A new alert: ${added[0].querySelector('.summary').textContent.trim()}`)
  if (added.length > 1) say(`${added.length} new alerts`)
}

/** Whether the row was there. */
function replaceRow(fresh) {
  const old = document.getElementById(fresh.id)
  if (!old) return false
  if (old.dataset.as !== fresh.dataset.as) {
    changeRow(old, fresh.dataset.as, () => old.replaceChildren(...fresh.childNodes))
    old.classList.remove('gone')
  }
  return true
}

/** Its height stays, so that nothing comes under the finger, and so does a focus that was in it. */
function changeRow(row, as, change) {
  const focused = row.contains(document.activeElement)
  row.style.minHeight = `${row.offsetHeight}px`
  change()
  row.dataset.as = as
  if (focused) row.focus({ preventScroll: true })
}

/** Rows of alerts that are no longer in the list stay in their places, without buttons. */
function markGone(list, fresh, more) {
  const ids = new Set(fresh.map(({ id }) => id))
  // With older pages, a row may have moved to the next one.
  const oldest = more ? Math.min(...fresh.map((row) => Number(row.dataset.at))) : 0
  for (const row of list.children) {
    if (ids.has(row.id) || row.classList.contains('gone') || Number(row.dataset.at) < oldest) continue
    changeRow(row, '', () => {
      for (const control of row.querySelectorAll('form, .button')) control.remove()
      row.querySelector('.state').textContent = 'No longer in this list'
    })
    row.classList.add('gone')
  }
}

/** Changes the page, and scrolls so that the rows stay where they are in the window. */
function keepInPlace(change) {
  const row = rowInUse()
  const before = row?.getBoundingClientRect().top
  change()
  if (!row) return
  const moved = row.getBoundingClientRect().top - before
  const room = document.documentElement.scrollHeight - innerHeight - scrollY
  const main = document.getElementById('main')
  if (moved > room) main.style.minHeight = `${main.offsetHeight + moved - room}px`
  scrollBy({ top: moved, behavior: 'instant' })
}

/** The row with the focus, or under the pointer, or the first one that can be seen. */
function rowInUse() {
  return (
    document.activeElement.closest('.row') ??
    document.elementFromPoint(pointer.x, pointer.y)?.closest('.row') ??
    [...document.querySelectorAll('.row')].find((row) => row.getBoundingClientRect().bottom > 0)
  )
}

/** Says why the alerts are not up to date, and how old they are. */
function sayStale({ advice = 'The desk does not answer.' }) {
  const time = document.querySelector('#as-of time')
  const text = `${advice} These are the alerts of ${timeAgo(new Date(time.dateTime))}. This page tries again by itself.`
  keepInPlace(() => {
    document.getElementById('stale').textContent = text
  })
  sources.delete('stale')
}

function say(text) {
  const notice = document.getElementById('notice')
  if (text.trim() !== '' && notice.textContent !== text) notice.textContent = text
}
