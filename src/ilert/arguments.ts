/*
 * What a caller passes: objects with options, and how many arguments there are. What is not known is refused, since an
 * option that is misspelt would be dropped without a word, and with it what it was to protect.
 */
import { nearest } from './spelling.ts'

/** The names of all options of `Options`. The type makes a list of them complete. */
export type Known<Options> = { readonly [Name in keyof Required<Options>]: true }

/**
 * The fields of an object that a caller passes; none where it is absent. An instance of a class, such as URLSearchParams
 * or Headers, would be read as empty.
 *
 * @throws TypeError
 */
export function plainObject<T extends object>(name: string, value: T | undefined): Partial<T> {
  if (value === undefined) return {}
  if (!isPlain(value)) throw new TypeError(`${name}: expected a plain object.`)
  return value
}

/**
 * A copy of a caller's options, each read once. It has no prototype: what other code has added to `Object.prototype` is
 * nobody's option. Symbols cannot be misspelt options, and are left out.
 *
 * @param what whose options they are, for errors.
 * @throws TypeError where it is no plain object, and where it has an option that is not known; the nearest one is named.
 */
export function knownOptions<T extends object>(what: string, options: T | undefined, known: Known<T>): Partial<T> {
  const copy: Record<string, unknown> = Object.create(null)
  const given: unknown = options === undefined ? {} : options
  if (!isPlain(given)) throw new TypeError(`${what}: expected a plain object with options.`)
  for (const name of Object.getOwnPropertyNames(given)) {
    if (!Object.hasOwn(known, name)) throw new TypeError(unknownOption(what, name, Object.keys(known)))
    copy[name] = given[name as keyof typeof given]
  }
  return copy as Partial<T>
}

/** @throws TypeError where there are more arguments than are known. */
export function noMore(what: string, rest: readonly unknown[]): void {
  if (rest.some((argument) => argument !== undefined)) throw new TypeError(`${what}: too many arguments.`)
}

/** @throws TypeError where it is no AbortSignal, but something that would be taken for one and never end a call. */
export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) throw new TypeError('signal: expected an AbortSignal.')
  return value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Not compared with Object.prototype: that of another realm is as good.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function unknownOption(what: string, name: string, known: readonly string[]): string {
  const likely = nearest(name, known)
  const hint = likely === undefined ? `The options are ${known.join(', ')}.` : `Did you mean '${likely}'?`
  return `${what}: unknown option '${name.slice(0, 60)}'. ${hint}`
}
