import { Keeper } from '../../src/tokens/keeper.ts'
import { run } from './run.ts'

test('one', async () => {
  const s = JSON.parse(process.env.SCEN!)
  const f = Keeper.prototype.freshTokens
  Keeper.prototype.freshTokens = async function () {
    console.log('fresh', this.removed, this.busy)
    try {
      const r = await f.call(this)
      console.log('got', r)
      return r
    } catch (e) {
      console.log('threw', e)
      throw e
    }
  }
  await run(s, {})
}, 60000)
