import { IlertStrategy, Strategy } from '../../src/index.ts'

test('Strategy is IlertStrategy by the name that the packages of other strategies use', () => {
  expect(Strategy).toBe(IlertStrategy)
  expect(new Strategy({ clientID: 'x', clientSecret: 's'.repeat(32) })).toBeInstanceOf(IlertStrategy)
})
