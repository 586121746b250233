import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { unless } from '../helpers/needs.ts'
import { PASS, TURNING } from '../secrets/sources/turning.ts'

const ROTATIONS = 10
const CONNECTIONS = 32

const { env: _, ...others } = TURNING
const ROWS = Object.entries({ ...others, 'exec of pass': PASS }).map(([name, { on, skip, make }]) => ({
  title: name + (on === undefined ? '' : `, on ${on}`) + unless(skip),
  skip,
  make,
}))

// The environment of a process cannot change from outside while it runs.
describe('ten rotations of a source under 32 connections: no failed request', () => {
  it.for(ROWS)('$title', async ({ skip, make }, context) => {
    if (skip !== undefined) context.skip()
    const folder = await tempFolder()
    const keys = Array.from({ length: ROTATIONS + 1 }, (_, index) => keyLike('openai', `turn ${index}`))
    const mock = await startMock({ keys })
    const port = await freePort()
    const { entry, sources, env, turn, hangup, end } = await make(folder)
    await turn(keys[0] ?? '')
    writeFileSync(
      join(folder, 'config.yaml'),
      `llm:\n  port: ${port}\n  models:\n  - name: m\n    provider: openAI\n    params:\n      apiKey: "$A_KEY"\n      hostOverride: "127.0.0.1:${mock.port}"\n`,
    )
    writeFileSync(
      join(folder, 'agw.yaml'),
      `secrets:\n  A_KEY: ${entry}\n${sources === undefined ? '' : `sources: ${sources}\n`}`,
    )
    const gateway = start(['serve', '--json', '--log-level', 'off', '--admin', 'off'], {
      cwd: folder,
      env: { AGW_TRUST: '1', ...env },
    })
    await gateway.until('"ready"')

    const load = startLoad(port)
    for (const key of keys.slice(1)) {
      await turn(key)
      if (hangup) gateway.child.kill('SIGHUP')
      await gateway.until(`"to":"${fingerprint(key)}"`)
      await load.more(CONNECTIONS)
    }
    const { done, failed } = await load.stop()
    expect(await gateway.stop()).toBe(0)
    await mock.close()
    await end?.()
    expect(failed).toEqual([])
    expect(done).toBeGreaterThan(ROTATIONS * CONNECTIONS)
    expect(gateway.stdout()).not.toMatch(/source-failed|reload-rejected/)
  })
})

/** At full speed is what rotation.test.ts asks; here that is the work of a processor for minutes. Milliseconds. */
const PAUSE_MS = 40

/** Requests on 32 connections, one after the other on each with a pause between them, until it is stopped. */
function startLoad(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const failed: string[] = []
  let done = 0
  let stopped = false
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const one = (): Promise<void> =>
    new Promise(resolve => {
      const fail = (error: Error): void => {
        failed.push(error.message)
        resolve()
      }
      const sent = request({ port, path: '/v1/chat/completions', method: 'POST', agent, headers }, answer => {
        if (answer.statusCode !== 200) failed.push(`status ${answer.statusCode}`)
        answer.on('end', resolve).on('error', fail).resume()
      })
      sent.on('error', fail).end(body)
    })
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    while (!stopped) {
      await one()
      done += 1
      await setTimeout(PAUSE_MS)
    }
  })
  return {
    /** Waits until so many more have been answered. */
    more: async (count: number) => {
      const reached = done + count
      while (done < reached) await setTimeout(5)
    },
    stop: async () => {
      stopped = true
      await Promise.all(workers)
      agent.destroy()
      return { done, failed }
    },
  }
}
