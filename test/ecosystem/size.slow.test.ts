import { rm } from 'node:fs/promises'
import { PEERS, Project, packed } from './project.ts'

test('takes 3 MB at most beside what an app has anyway', async () => {
  const { folder, tarball } = await packed()
  const app = await Project.make()
  try {
    await app.npm(...PEERS)
    const before = await app.size()
    await app.npm(tarball)
    expect((await app.size()) - before).toBeLessThan(3_000_000)
  } finally {
    await app.remove()
    await rm(folder, { recursive: true, force: true })
  }
}, 300_000)
