/*
 * Known vulnerabilities: of any severity in what apps get, and grave ones in what the project is made with. Without a
 * report nothing is known, so that a registry that gives none fails the release, as a vulnerability does.
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
  else {
    process.exitCode = 1
    if (answered) spawnSync('npm', ['audit', ...args], { stdio: 'inherit' })
    else console.error(`${name}: the registry gave no report, so nothing was checked. Use one that answers npm audit.`)
  }
}
