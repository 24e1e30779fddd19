/* The short form of `npm run soak`, and, with SOAK_SABOTEURS set, whether it finds what is planted. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { needs } from '../support/needs.ts'
import { saboteurs } from './saboteurs.ts'

const run = promisify(execFile)

/** Two simulated days of few people. */
async function soak(sabotage = ''): Promise<{ code: number; said: string }> {
  const short = { SOAK_MINUTES: '0.1', SOAK_USERS: '40', SOAK_SABOTAGE: sabotage }
  const program = ['--expose-gc', '--enable-source-maps', 'build/test/soak/main.js']
  try {
    const { stdout, stderr } = await run(process.execPath, program, { env: { ...process.env, ...short } })
    return { code: 0, said: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, said: stdout + stderr }
  }
}

/** What each of them breaks. */
const BREAKS: Record<keyof typeof saboteurs, RegExp> = {
  'a leak': /^BROKEN {2}heap: /m,
  'a lost write': /^BROKEN {2}(?:spurious sign-out|lost token): /m,
  'tokens that are not revoked': /^BROKEN {2}tokens per user: /m,
  'a refresh too many': /^BROKEN {2}interval: /m,
}

/** Each takes as long as the soak itself. */
const everySaboteur = process.env.SOAK_SABOTEURS ? it : it.skip

needs('redis-server')('the soak', () => {
  beforeAll(() => run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.runs.json']))

  it('holds', async () => {
    const { code, said } = await soak()
    expect(said).not.toContain('BROKEN')
    expect(said).toContain('simulated days')
    expect(code).toBe(0)
  }, 180_000)

  everySaboteur.each(Object.keys(saboteurs))(
    'finds %s',
    async (sabotage) => {
      const { code, said } = await soak(sabotage)
      expect(said).toMatch(BREAKS[sabotage] as RegExp)
      expect(code).toBe(1)
    },
    180_000,
  )
})
