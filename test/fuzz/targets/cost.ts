/* Long texts of many shapes for each reader of text from outside: all that counts is that a target takes 50 ms at most. */
import fc from 'fast-check'
import { shapes } from '../generators/shapes.ts'
import { READERS, type Reader } from '../readers.ts'
import { type Branch, type Target, target } from '../target.ts'

const inputs = fc
  .tuple(fc.constantFrom(...READERS), shapes)
  .map(([reader, shape]) => ({ reader, text: reader.written(shape(reader.longest)) }))

async function readAll({ reader, text }: { reader: Reader; text: string }): Promise<Branch> {
  try {
    await reader.read(text)
    return 'accepted'
  } catch {
    return 'rejected'
  }
}

export const costTargets: readonly Target[] = [target('the cost of a text', inputs, readAll, 0.05)]
