import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Node, type SourceFile, sourceFile, sourceFiles } from './source.ts'

/*
 * How long `===` takes tells where two texts begin to differ. So nothing that comes from outside is compared with a secret
 * in that way: cookies and records are opened by AES-GCM, whose tag OpenSSL compares in constant time; a bearer token is
 * looked up by its SHA-256; and the sandbox compares hashes with timingSafeEqual. What is compared otherwise, and looks as
 * if it were a secret, is here, with the reason.
 */
const OURS = 'both sides are what this process has from ilert or from its own sealed store'
const WORDS = 'these are words, not secrets'
const KNOWN = 'ilert sends the other side, and knows the token that it has issued'
const HARMLESS: Record<string, string> = {
  'express/bearer/challenge.ts present.includes(challenge)': WORDS,
  'express/bff/answer.ts error.code === USER_REPLACED': WORDS,
  'express/bff/headers.ts value.includes(accessToken)': KNOWN,
  'express/bff/pass-on.ts text.includes(accessToken)': KNOWN,
  'express/bff/withheld.ts bytes.includes(secret)': KNOWN,
  'express/bff/withheld.ts bytes.indexOf(secret[0] as number, at)': KNOWN,
  'express/bff/withheld.ts bytes.subarray(at).equals(secret.subarray(0, bytes.length - at))': KNOWN,
  'express/require-scope.ts error.code === USER_REPLACED': WORDS,
  'express/sign-in.ts tokens.keyOf(set) === key': 'both are names under which the app keeps tokens',
  'express/sign-ins.ts known.code !== code': 'the code on the left is with ilert already, and of no use to anybody',
  'sandbox/command.ts (error as { code?: unknown } | null)?.code': WORDS,
  "sandbox/endpoints/token.ts code.scope.includes('offline_access')": WORDS,
  'sandbox/options.ts BEHAVIOURS.includes(refreshTokens)': WORDS,
  'sandbox/server.ts request.path === PATHS.token': WORDS,
  'sandbox/state.ts code?.app !== app': 'these are objects',
  'tokens/compare.ts grant.tokens.accessToken === accessToken': OURS,
  'tokens/compare.ts grant.tokens.refreshToken === refreshToken': OURS,
  'tokens/keeper.ts this.grant.tokens.accessToken !== accessToken': OURS,
  'tokens/refresher.ts this.#record.grant.tokens.accessToken === refused': OURS,
  'tokens/refresher.ts this.#record.grant.tokens.accessToken === accessToken': OURS,
  'tokens/keepers.ts current?.grant.tokens.refreshToken === refreshToken': OURS,
  'tokens/keepers.ts this.at(key)?.grant.tokens.refreshToken !== refreshToken': OURS,
  "tokens/sealing/keys.ts first !== option(options, 'clientSecret')": "both are the app's own settings, compared once",
  'tokens/app-tokens.ts (this.keyOf(tokens) ?? key) !== key': 'these are keys of records, which the app chooses',
  'tokens/grant.ts tokens.refreshToken === refreshed.tokens.refreshToken': OURS,
  'tokens/stores/memory-store.ts tokens.owner === owner':
    'a label in the clear, which stands beside the record in every store',
  "tokens/stores/postgres-client.ts CONFLICTS.includes((error as { code?: string }).code ?? '')": WORDS,
}

const LOOKS_SECRET = /token|secret|verifier|challenge|signature|password|\bcode\b/i
const SEARCHES = /^(?:includes|indexOf|lastIndexOf|startsWith|endsWith|equals|compare|localeCompare|search|match)$/

/** What a comparison with is no comparison of two texts. */
function isConstant(node: Node): boolean {
  return /Literal$/.test(node.type) || node.value === 'undefined' || node.operator === 'typeof'
}

function isComparison(node: Node): boolean {
  if (node.type === 'BinaryExpression' && /^[!=]==?$/.test(String(node.operator))) {
    return !isConstant(node.left as Node) && !isConstant(node.right as Node)
  }
  const property = (node.callee as { property?: { value?: unknown } } | undefined)?.property?.value
  return node.type === 'CallExpression' && typeof property === 'string' && SEARCHES.test(property)
}

function comparisons({ nodes, path, textOf }: SourceFile): string[] {
  const compared = nodes.flatMap((node) => {
    if (node.type === 'SwitchStatement') return [node.discriminant as Node]
    return isComparison(node) ? [node] : []
  })
  return compared
    .map((node) => textOf(node).replaceAll(/\s+/g, ' '))
    .filter((text) => LOOKS_SECRET.test(text))
    .map((text) => `${path.replace(/^src\//, '')} ${text}`)
}

it('no secret is compared with what comes from outside in a time that tells where they differ', async () => {
  const found = (await sourceFiles('src')).flatMap(comparisons)
  expect([...new Set(found)].sort()).toEqual(Object.keys(HARMLESS).sort())
})

it('a planted comparison is found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'passport-ilert-'))
  try {
    const planted = [
      'a.clientSecret === b',
      'state === attempt.codeVerifier',
      "'x'.concat(token) == y",
      'token !== z',
      'tokens.includes(given)',
      'secret.startsWith(given)',
      'given.code !== known.code',
    ]
    const path = join(folder, 'planted.ts')
    await writeFile(path, [...planted.map((text) => `if (${text}) f()`), 'switch (token) {}'].join('\n'))
    expect(comparisons(await sourceFile(path))).toEqual([...planted, 'token'].map((text) => `${path} ${text}`))
  } finally {
    await rm(folder, { recursive: true })
  }
})
