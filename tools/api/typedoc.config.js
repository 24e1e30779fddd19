import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { entryPoints, root } from './entry-points.js'

const at = (path) => fileURLToPath(new URL(path, root))

/** The names of ilert's own document, which are not explained a second time here. */
const ofIlert = readdirSync(at('dist/ilert/api')).flatMap((file) => [
  ...readFileSync(at(`dist/ilert/api/${file}`), 'utf8').matchAll(/(?<!\*\/\n)^export (?:interface|type) (\w+)/gm),
])

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'passport-ilert',
  entryPoints: entryPoints.map(({ types }) => at(types)),
  tsconfig: at('tools/api/tsconfig.json'),
  basePath: at('dist'),
  readme: at('tools/api/intro.md'),
  mergeReadme: true,
  // Markdown, which GitHub shows: one page for each entry point, and README.md before them.
  out: at('docs/api'),
  outputFileStrategy: 'modules',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  // What a signature names without its being exported, such as a strategy's options, is documented as well.
  plugin: ['typedoc-plugin-missing-exports', 'typedoc-plugin-markdown', at('tools/api/import-names.js')],
  placeInternalsInOwningModule: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableSources: true,
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Method', 'Accessor'],
  intentionallyNotDocumented: [
    'passport-ilert.StrategyBase.__type', // Passport's
    ...ofIlert.map(([, name]) => `passport-ilert/api.${name}`),
  ],
  validation: { notExported: true, notDocumented: true, invalidLink: true, rewrittenLink: true, invalidPath: false },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
}
