import { createHash } from 'node:crypto'
import type { Answer } from '../messages.ts'
import { SCRIPT } from './page-script.ts'
import { STYLE } from './page-style.ts'

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  'img-src data:', // no icon
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const KINDS = ['503', '500', '429', 'hang', 'delay', 'reset', 'html', 'trickle']
const PATHS = ['*', '/api/developers/oauth2/token', '/api/users/current', '/api/alerts', '/api/on-calls']

const option = (value: string) => `<option>${value}</option>`

const BODY = `
<header><h1>ilert sandbox</h1><p id="problem" role="alert"></p></header>
<main>
<section aria-labelledby="clock-title">
<h2 id="clock-title">Clock</h2>
<p><time id="now"></time> <span id="ahead" class="soft"></span></p>
<p class="buttons" id="advance">
<button type="button" data-ms="60000">+ 1 minute</button>
<button type="button" data-ms="300000">+ 5 minutes</button>
<button type="button" data-ms="3600000">+ 1 hour</button>
<button type="button" data-ms="86400000">+ 1 day</button>
<button type="button" id="to-now">Back to now</button>
</p>
</section>
<section aria-labelledby="faults-title">
<h2 id="faults-title">Faults</h2>
<form id="fault">
<label>Path <select name="path">${PATHS.map(option).join('')}</select></label>
<label>Kind <select name="kind">${KINDS.map(option).join('')}</select></label>
<label>Times <input name="times" type="number" min="1" placeholder="all"></label>
<button>Switch on</button>
</form>
<ul id="faults"></ul>
</section>
<section aria-labelledby="people-title">
<h2 id="people-title">People</h2>
<ul id="people"></ul>
</section>
<section class="wide" aria-labelledby="tokens-title">
<h2 id="tokens-title">Tokens</h2>
<p class="soft">Good ones, by their last characters.</p>
<ul id="tokens"></ul>
</section>
<section class="wide" aria-labelledby="requests-title">
<h2 id="requests-title">Requests</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="requests-title">
<table>
<thead><tr><th>Time</th><th>Method</th><th>Path</th><th>Status</th><th>Note</th></tr></thead>
<tbody id="requests"></tbody>
</table>
</div>
</section>
</main>
<footer><button type="button" id="reset" class="quiet">Begin anew: forget tokens, data, faults and requests</button></footer>`

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ilert sandbox</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>${BODY}
<script>${SCRIPT}</script>
</body>
</html>
`

/** People, tokens, requests as they come, the clock with buttons, and faults to switch on. */
export function controlPage(): Answer {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
    body: HTML,
  }
}
