/**
 * The fields of an object that a caller passes; none where it is absent. An instance of a class, such as URLSearchParams
 * or Headers, would be read as empty.
 *
 * @throws TypeError
 */
export function plainObject<T extends object>(name: string, value: T | undefined): Partial<T> {
  if (value === undefined) return {}
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Not compared with Object.prototype: that of another realm is as good.
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return value
  }
  throw new TypeError(`${name}: expected a plain object.`)
}
