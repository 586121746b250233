import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SeenRequest, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { startLive } from '../../src/serving/live.ts'
import { tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'guide')

/** What the guide puts before the config, and the key the provider then sees. */
const methods: [
  name: keyof typeof GUIDE,
  text: string,
  env: Record<string, string>,
  files: Record<string, string>,
  key: string,
][] = [
  ['inline', GUIDE.inline, {}, {}, 'sk-proj....'],
  ['env', GUIDE.env, { OPENAI_API_KEY: KEY }, {}, KEY],
  ['file', GUIDE.file, {}, { 'key.txt': `${KEY}\n` }, KEY],
]

describe("the guide's configs run as they stand", () => {
  it.each(methods)('%s', async (_, text, env, files, key) => {
    const folder = await tempFolder()
    for (const [name, content] of Object.entries({ ...files, 'config.yaml': text }))
      await writeFile(join(folder, name), content)
    const seen: SeenRequest[] = []
    const mock = await startMock({ onRequest: one => seen.push(one) })
    const gateway = await startLive({
      load: { env, cwd: folder },
      // The config's port may be taken on this machine; its meaning does not depend on it.
      gateway: { ports: new Map([[3000, 0]]), standIn: { host: '127.0.0.1', port: mock.port } },
      reload: false,
      onEvent: () => {},
    })
    const answer = await fetch(`${gateway.addresses[0]}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer of-the-client' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(answer.status).toBe(200)
    await answer.text()
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ model: 'gpt-3.5-turbo', path: '/v1/chat/completions' })
    expect(seen[0]?.headers).toMatchObject({
      host: 'api.openai.com',
      authorization: `Bearer ${fingerprint(key)}`,
    })
    expect(JSON.stringify(seen)).not.toContain('of-the-client')
    await gateway.close(0)
    await mock.close()
  })
})
