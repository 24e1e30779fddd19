import { packedTarball } from '../support/pack.ts'
import { PEERS, Project } from './project.ts'

test('takes 3 MB at most beside what an app has anyway', async () => {
  const app = await Project.make()
  try {
    await app.npm(...PEERS)
    const before = await app.size()
    await app.npm(await packedTarball())
    expect((await app.size()) - before).toBeLessThan(3_000_000)
  } finally {
    await app.remove()
  }
}, 300_000)
