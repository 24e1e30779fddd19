import { run } from './run.ts'
import { SimStore } from './sim-store.ts'
test('one', async () => { const s = JSON.parse(process.env.SCEN!); 
const v = SimStore.prototype.view
SimStore.prototype.view = function (p, l) { const o = v.call(this, p, l); const w: any = {}
 for (const m of Object.keys(o)) w[m] = (...a: any[]) => { this.world.note(`${p.name} calls ${m}`); const r = (o as any)[m](...a); r.then((x: any) => this.world.note(`${p.name} ${m} gave ${JSON.stringify(x)}`), (e: any) => this.world.note(`${p.name} ${m} failed ${e}`)); return r }
 return w }
await run(s, {}) }, 60000)
