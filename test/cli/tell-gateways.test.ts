import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tellGateways } from '../../src/cli/tell-gateways.ts'
import { announce } from '../../src/serving/running-gateways.ts'

const ME = `the gateway with process id ${process.pid}`

/** A gateway's word of itself, with a mock of its admin pages that answers with a status; without one they are off. */
async function tellOne(status: number | undefined, config = '/config.yaml'): Promise<string[]> {
  const home = await mkdtemp(join(tmpdir(), 'agw-tell-'))
  const server = createServer((_, answer) => answer.writeHead(status ?? 500).end())
  await new Promise<void>(listens => server.listen(0, '127.0.0.1', listens))
  const { end } = await announce(
    { HOME: home },
    {
      config: '/config.yaml',
      admin: status === undefined ? null : `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      startedAt: new Date(0).toISOString(),
      mock: false,
      needsToken: false,
      keys: [],
    },
  )
  onTestFinished(async () => {
    await end()
    server.close()
    await rm(home, { recursive: true, force: true })
  })
  return tellGateways({ HOME: home }, config)
}

describe('a gateway that serves a changed config', () => {
  it.each([
    ['has read it', 200, `${ME} has read the change`],
    ['refuses what it reads', 409, `${ME} has not said that it has read the change: its log tells`],
    [
      'cannot be told',
      undefined,
      `${ME} reads the change in a moment: its admin pages are off, so it could not be told to`,
    ],
  ])('%s', async (_title, status, line) => {
    expect(await tellOne(status)).toEqual([line])
  })

  it('is none that serves another one', async () => {
    expect(await tellOne(200, '/other.yaml')).toEqual([])
  })
})
