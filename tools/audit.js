/*
 * Known vulnerabilities: of any severity in what apps get, and grave ones in what the project is made with. A registry
 * that does not answer is no reason to stop; it is said.
 */
import { spawnSync } from 'node:child_process'

/**
 * `npm audit`, as npm's own options narrow it.
 *
 * @param {string[]} args
 */
function audit(args) {
  const { status, stdout } = spawnSync('npm', ['audit', '--json', ...args], { encoding: 'utf8' })
  // An answer's exit code says whether something was found. Without an answer it is the same, and there is no report.
  const answered = stdout.includes('"auditReportVersion"')
  return { answered, clean: answered && status === 0 }
}

for (const args of [['--omit=dev'], ['--audit-level=high']]) {
  const name = `npm audit ${args.join(' ')}`
  const { answered, clean } = audit(args)
  if (clean) console.log(`${name}: nothing found`)
  else if (!answered) console.warn(`${name}: the registry did not answer, so nothing was checked`)
  else {
    spawnSync('npm', ['audit', ...args], { stdio: 'inherit' })
    process.exitCode = 1
  }
}
