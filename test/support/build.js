import { execFileSync } from 'node:child_process'

/** Some tests run what is built, in processes of their own. Nothing is written where nothing has changed. */
export default function build() {
  try {
    execFileSync(process.execPath, ['tools/build.js'], { stdio: 'inherit' })
  } catch (error) {
    // While something is being written the tests of everything else go on, with the build that there was.
    if (process.env.CI) throw error
  }
}
