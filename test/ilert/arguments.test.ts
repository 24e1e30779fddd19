/* What counts as an object of options. */
import { runInNewContext } from 'node:vm'
import { plainObject } from '../../src/ilert/arguments.ts'

it.each<[string, object]>([
  ['an object', { query: 1 }],
  ['one without a prototype', Object.assign(Object.create(null), { query: 1 })],
  ['one of another realm', runInNewContext('({ query: 1 })')],
])('%s is taken as it is', (_, value) => {
  expect(plainObject('init', value)).toBe(value)
})

it('what is absent has no fields', () => {
  expect(plainObject('init', undefined)).toEqual({})
})

it.each<[string, unknown]>([
  ['null', null],
  ['a number', 7],
  ['a text', 'text'],
  ['a function', () => {}],
  ['a list', []],
  ['an instance of a class', new URLSearchParams('a=1')],
])('%s is refused by name', (_, value) => {
  expect(() => plainObject('init', value as object)).toThrow(new TypeError('init: expected a plain object.'))
})
