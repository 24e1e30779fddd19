/*
 * Compares the public types, as they are built, with the reports beside this file: one for each entry point. With
 * `--accept` it writes the reports.
 */
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { entryPoints, root } from './entry-points.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const projectFolder = fileURLToPath(root)
const accept = process.argv.includes('--accept')

/** What is said below, and what nobody needs to hear. */
const SAID_HERE = new Set(['console-preamble', 'console-api-report-copied', 'console-api-report-not-copied'])

/** Whether the types of an entry point are those of its report. */
function isReported({ name, types }) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: `${projectFolder}package.json`,
    configObject: {
      projectFolder,
      mainEntryPointFilePath: projectFolder + types,
      compiler: { tsconfigFilePath: `${here}tsconfig.json` },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: here,
        reportTempFolder: `${here}dist/report`,
        // A type that only a signature names can be changed unnoticed as well.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          'ae-forgotten-export': { logLevel: 'none' }, // in the report
          'ae-missing-release-tag': { logLevel: 'none' }, // everything is public
          'ae-undocumented': { logLevel: 'none' }, // typedoc.config.js
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  })
  const { succeeded } = Extractor.invoke(config, {
    localBuild: accept,
    printApiReportDiff: true,
    messageCallback: (message) => {
      if (SAID_HERE.has(message.messageId)) message.handled = true
    },
  })
  return succeeded
}

const changed = entryPoints.filter((entryPoint) => !isReported(entryPoint))
if (changed.length > 0) {
  const names = changed.map(({ name }) => `tools/api/${name}.api.md`).join(', ')
  console.error(
    `The public types are not those of ${names}. If that is meant: npm run api:accept, look at what it changes, ` +
      'commit it, and say in CHANGELOG.md what changed. If something is gone or narrower, the next version is a major one.',
  )
  process.exitCode = 1
}
