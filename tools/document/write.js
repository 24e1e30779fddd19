/* `npm run document`: makes everything that is made from ilert's OpenAPI document anew. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { requiredScope } from '../../dist/index.mjs'
import { readDocument } from './read.js'
import { sandboxTable } from './sandbox-table.js'
import { typesOf } from './types.js'

/** Beside this repository, not in it. */
const DOCUMENT = new URL('../../../shared/ilert-openapi.yml', import.meta.url)

const SRC = new URL('../../src/', import.meta.url)

/** They hold nothing else, so that a file which is made no longer goes. */
const FOLDERS = ['ilert/api/', 'sandbox/api/table/']

const document = readDocument(DOCUMENT)
const files = { ...typesOf(document, requiredScope), ...sandboxTable(document, requiredScope) }
for (const folder of FOLDERS) {
  rmSync(new URL(folder, SRC), { recursive: true, force: true })
  mkdirSync(new URL(folder, SRC))
}
for (const [path, text] of Object.entries(files)) writeFileSync(new URL(path, SRC), text)
