/** Of the page at `/_sandbox/`. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #566272; --line: #d3dae3; --card: #fff; --back: #f2f5f9;
  --accent: #1d5fd1; --on-accent: #fff; --bad: #b3261e; --good: #18703a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf4; --soft: #a3b0bf; --line: #323d4b; --card: #1a222c; --back: #10161d; --accent: #7fb0ff;
    --on-accent: #0b1a33; --bad: #ff8f85; --good: #6fd394 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1rem clamp(1rem, 3vw, 2.5rem) 2rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.375rem }
h2 { margin: 0 0 .5rem; font-size: 1rem }
p { margin: 0 0 .5rem }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; margin-bottom: 1rem }
#problem { margin: 0; color: var(--bad); font-weight: 600 }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)) }
section { min-width: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
.wide { grid-column: 1 / -1 }
.soft, th { color: var(--soft); font-size: .875rem; font-weight: 400 }
#now { font-size: 1.125rem; font-variant-numeric: tabular-nums }
ul { margin: 0; padding: 0; list-style: none }
li { display: flex; gap: .25rem .75rem; align-items: center; padding: .375rem 0;
  border-top: 1px solid var(--line) }
li > :first-child { flex: 1 1 auto; min-width: 0; overflow-wrap: anywhere }
form + ul { margin-top: 1rem }
.buttons, form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end }
label { font-size: .875rem; color: var(--soft) }
button, select, input { font: inherit; color: inherit; min-height: 2.75rem; padding: .25rem .75rem; border-radius: .5rem;
  border: 1px solid var(--line); background: var(--card); max-width: 100% }
label select, label input { display: block }
input { width: 6rem }
button { cursor: pointer; font-weight: 600 }
form button { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.scroll { max-height: 26rem; overflow: auto }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums }
th { text-align: left; padding: .25rem .75rem .25rem 0 }
td { padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); vertical-align: top }
td:nth-child(3) { overflow-wrap: anywhere; min-width: 10rem }
.bad { color: var(--bad); font-weight: 600 }
.good { color: var(--good) }
code { font-size: .875em }
footer { margin-top: 1rem }
`
