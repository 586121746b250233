import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { testRoute } from '../../src/test-route/test-route.ts'
import { tempFolder } from '../helpers/agw.ts'

it('what the way of a request does not hang on is not read to explain it', async () => {
  const folder = await tempFolder()
  const none = { cert: 'none.pem', key: 'none.pem', root: 'none.pem' }
  const config = {
    config: { modelCatalog: [{ file: 'none.json' }] },
    gateways: { default: { port: 3000, tls: none } },
    routes: [
      {
        matches: [{ headers: [{ name: ':scheme', value: { exact: 'https' } }] }],
        policies: { backendTLS: none, backendAuth: { key: { file: 'none.key' } } },
        backends: [{ host: 'one.test:443' }],
      },
    ],
  }
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config))
  const ask = (explain: boolean) =>
    testRoute({
      load: { file: join(folder, 'config.yaml'), cwd: folder, env: {} },
      request: { path: '/', method: 'GET', prompt: '', headers: [], stream: false },
      explain,
      mock: true,
      connectTo: [],
      timeoutMs: 10_000,
      onLoaded: () => {},
      onSecret: () => {},
      onNote: () => {},
      keys: {
        left: 0,
        forGateway: () => Promise.resolve(undefined),
        forProvider: () => Promise.resolve(undefined),
      },
    })
  expect(await ask(true)).toMatchObject({
    ok: true,
    destination: { upstream: { url: 'https://one.test/' }, key: { placement: 'header authorization' } },
  })
  await expect(ask(false)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
