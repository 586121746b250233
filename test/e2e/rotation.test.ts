import { rename, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { serveReady, toOpenAi } from '../helpers/serving.ts'

const ROTATIONS = 10
const CONNECTIONS = 32

it('ten rotations under 32 connections: no failed request, no old key once the gateway has told the new one', async () => {
  const folder = await tempFolder()
  const keys = Array.from({ length: ROTATIONS + 1 }, (_, index) => keyLike('openai', `rotation ${index}`))
  const key = (index: number): string => keys[index] ?? ''
  const seen: { told: number; key: string | undefined }[] = []
  /** How many rotations the gateway had told when a request was sent; each request carries it. */
  let told = 0
  const mock = await startMock({
    keys,
    onRequest: one => seen.push({ told: Number(one.headers['x-told']), key: one.keyFingerprint }),
  })
  const port = await freePort()
  const upstream = `127.0.0.1:${mock.port}`
  await writeFile(join(folder, 'config.yaml'), toOpenAi({ port, upstream, auth: 'key: { file: key.txt }' }))
  await writeFile(join(folder, 'key.txt'), key(0), { mode: 0o600 })
  const gateway = await serveReady(['--log-level', 'off'], { cwd: folder })

  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const counts = { done: 0, failed: [] as string[] }
  let stopped = false
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  const one = (): Promise<void> =>
    new Promise(resolve => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-told': String(told),
      }
      const sent = request({ port, path: '/v1/chat/completions', method: 'POST', agent, headers }, answer => {
        if (answer.statusCode !== 200) counts.failed.push(`status ${answer.statusCode}`)
        answer.on('end', resolve)
        answer.on('error', error => {
          counts.failed.push(error.message)
          resolve()
        })
        answer.resume()
      })
      sent.on('error', error => {
        counts.failed.push(error.message)
        resolve()
      })
      sent.end(body)
    })
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    while (!stopped) {
      await one()
      counts.done += 1
    }
  })

  for (let index = 1; index <= ROTATIONS; index += 1) {
    await writeFile(join(folder, 'next.txt'), key(index), { mode: 0o600 })
    await rename(join(folder, 'next.txt'), join(folder, 'key.txt'))
    await gateway.until(`"to":"${fingerprint(key(index))}"`)
    told = index
    const reached = counts.done + CONNECTIONS
    while (counts.done < reached) await new Promise(resolve => setTimeout(resolve, 5))
  }
  stopped = true
  await Promise.all(workers)
  agent.destroy()
  expect(await gateway.stop()).toBe(0)
  await mock.close()

  expect(counts.failed).toEqual([])
  expect(counts.done).toBeGreaterThan(ROTATIONS * CONNECTIONS)
  const prints = keys.map(fingerprint)
  expect(seen.filter(one => prints.indexOf(one.key ?? '') < one.told)).toEqual([])
  expect(new Set(seen.map(one => one.told))).toEqual(new Set(keys.keys()))
  expect(new Set(seen.map(one => one.key))).toEqual(new Set(keys.map(fingerprint)))
})
