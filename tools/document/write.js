/* `npm run document`: makes everything that is made from ilert's OpenAPI document anew. */
import { writeFileSync } from 'node:fs'
import { requiredScope } from '../../dist/index.mjs'
import { readDocument } from './read.js'
import { sandboxTable } from './sandbox-table.js'
import { typesOf } from './types.js'

/** Beside this repository, not in it. */
const DOCUMENT = new URL('../../../shared/ilert-openapi.yml', import.meta.url)

const document = readDocument(DOCUMENT)
writeFileSync(new URL('../../src/ilert/api.ts', import.meta.url), typesOf(document, requiredScope))
writeFileSync(new URL('../../src/sandbox/api/table.ts', import.meta.url), sandboxTable(document, requiredScope))
