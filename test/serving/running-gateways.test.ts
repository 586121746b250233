import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ownIdentity } from '../../src/secrets/process-identity.ts'
import { announce } from '../../src/serving/running-gateways.ts'
import { runFolder } from '../../src/serving/state-folder.ts'

const TOLD = {
  config: '/config.yaml',
  admin: null,
  startedAt: new Date(0).toISOString(),
  mock: false,
  needsToken: false,
  keys: [],
}

it('a gateway that starts clears away what crashed ones have left, and nothing of others', async () => {
  const home = await mkdtemp(join(tmpdir(), 'agw-running-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const env = { HOME: home }
  const first = await announce(env, TOLD)
  const folder = runFolder(env) ?? ''
  const { pid: dead } = spawnSync(process.execPath, ['-e', ''])
  const gone = { ...ownIdentity(), ...TOLD, pid: dead }
  const elsewhere = { ...gone, host: 'another.test' }
  await writeFile(join(folder, `gateway-${dead}.json`), JSON.stringify(gone))
  await writeFile(join(folder, 'gateway-999999999.json'), JSON.stringify(elsewhere))
  await first.end()
  const { end } = await announce(env, TOLD)
  expect((await readdir(folder)).sort()).toEqual(
    [`gateway-${process.pid}.json`, 'gateway-999999999.json'].sort(),
  )
  await end()
})
