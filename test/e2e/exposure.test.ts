import { writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const STRICT = '      policies:\n        apiKey: {mode: strict, keys: [{key: agw_sk_0123456789abcdef}]}\n'
const noIpv6 = !Object.values(networkInterfaces())
  .flat()
  .some(one => one?.family === 'IPv6')

let cwd: string
let port: number
beforeEach(async () => {
  cwd = await tempFolder()
  port = await freePort()
  await writeFile(join(cwd, 'config.yaml'), GUIDE.env.replace('3000', String(port)))
  await writeFile(join(cwd, '.env'), `OPENAI_API_KEY=${keyLike('openai', 'exposure')}\n`, { mode: 0o600 })
})

async function serve(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const gateway = start(['serve', ...args], { cwd })
  await gateway.until('ready')
  await gateway.stop()
  return { stdout: gateway.stdout(), stderr: gateway.stderr() }
}

const warnings = (text: string): string[] => text.match(/^.*open to other machines.*$/gm) ?? []

describe('agw serve beyond loopback', () => {
  it.each([[[]], [['--workers', '2']]])(
    'prints the address it listens on, and warns once where no client is asked for a key: %j',
    async flags => {
      const text = await serve('--host', '0.0.0.0', ...flags)
      expect(text.stdout).toContain(`listening on http://0.0.0.0:${port}`)
      expect(warnings(text.stderr)).toEqual([
        expect.stringMatching(/^warning 0\.0\.0\.0 is open .* whoever reaches it spends the key of openai$/),
      ])
      const json = await serve('--host', '0.0.0.0', '--json', ...flags)
      const events = json.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      expect(events).toContainEqual({
        event: 'listening',
        bind: `bind/${port}`,
        address: `http://0.0.0.0:${port}`,
      })
      expect(events.filter(({ event }) => event === 'warning')).toEqual([
        { event: 'warning', message: expect.any(String), hint: expect.stringContaining('mode: strict') },
      ])
    },
    30_000,
  )

  it.skipIf(noIpv6)('prints an address of IPv6 in brackets', async () => {
    const { stdout, stderr } = await serve('--host', '::')
    expect(stdout).toContain(`listening on http://[::]:${port}`)
    expect(warnings(stderr)).toHaveLength(1)
  })

  it('says that the key of every model is spent where one entry is for all of them', async () => {
    const models = '[{ name: "*", provider: openAI, params: { apiKey: "$OPENAI_API_KEY" } }]'
    await writeFile(
      join(cwd, 'config.yaml'),
      `gateways: { default: { port: ${port} } }\nllm: { models: ${models} }\n`,
    )
    const { stderr } = await serve('--host', '0.0.0.0')
    expect(stderr).toContain('whoever reaches it spends the key of every model')
  })

  it('does not warn on loopback, behind a mock, nor where clients are asked for a key', async () => {
    expect(warnings((await serve()).stderr)).toEqual([])
    expect(warnings((await serve('--host', '0.0.0.0', '--mock')).stderr)).toEqual([])
    const asking = GUIDE.env.replace('3000', String(port)).replace('      policies:\n', STRICT)
    await writeFile(join(cwd, 'config.yaml'), asking)
    expect(warnings((await serve('--host', '0.0.0.0')).stderr)).toEqual([])
  })
})
