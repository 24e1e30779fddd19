import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openUsers, sqlite } from './users.ts'

const mara: Express.User = {
  provider: 'ilert',
  id: '7',
  name: 'Mara Lindqvist',
  username: 'mara.lindqvist',
  role: 'USER',
  account: 'nordwind',
  timezone: 'Europe/Berlin',
}

describe('the users table', { skip: sqlite ? false : 'it needs Node 22.13 or newer' }, () => {
  it("is keyed on ilert's id, follows a change of name, and keeps the columns of the app", () => {
    const users = openUsers(':memory:')
    assert.equal(users.find('7'), undefined)
    assert.equal(users.signIn(mara), mara)
    users.assign('7', 'Payments')
    users.signIn({ ...mara, name: 'Mara Berg', username: 'mara.berg' })
    users.signIn({ ...mara, id: '8', name: 'Another Mara' })
    assert.deepEqual([users.find('7')?.name, users.find('7')?.team], ['Mara Berg', 'Payments'])
    assert.deepEqual([users.find('8')?.name, users.find('8')?.team], ['Another Mara', null])
    users.forget('7')
    assert.equal(users.find('7'), undefined)
    users.close()
  })
})
