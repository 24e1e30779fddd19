import { execFileSync } from 'node:child_process'

/** Some tests run what is built, in processes of their own. Nothing is written where nothing has changed. */
export default function build() {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
}
