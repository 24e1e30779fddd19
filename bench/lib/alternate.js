/**
 * Measures candidates in turn, round after round, so that whatever else the machine does hits all of them alike. Each
 * round begins with another one.
 *
 * @template {string} Name
 * @template Value
 * @param {readonly Name[]} names
 * @param {number} rounds
 * @param {(name: Name, round: number) => Promise<Value>} measure
 * @returns {Promise<Record<Name, Value[]>>}
 */
export async function alternate(names, rounds, measure) {
  const values = /** @type {any} */ (Object.fromEntries(names.map((name) => [name, []])))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]
      values[name].push(await measure(name, round))
    }
  }
  return values
}
