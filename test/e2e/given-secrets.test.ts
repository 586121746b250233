import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { serveReady } from '../helpers/serving.ts'

it.each([
  ['one process', []],
  ['workers', ['--workers', '2']],
])('the value of a variable in an expression is not told to a client: %s', async (_, args) => {
  const upstream = await startUpstream((response, { headers }) =>
    response.writeHead(401).end(`${headers['x-plain']}, ${headers['x-region']}`),
  )
  const folder = await tempFolder()
  const port = await freePort()
  const transformations = {
    request: { set: { 'x-plain': "'$SHOP_PASSWORD'", 'x-region': "'$SHOP_REGION'" } },
  }
  const routes = [{ backends: [{ host: `127.0.0.1:${upstream.port}` }], policies: { transformations } }]
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ binds: [{ port, listeners: [{ routes }] }] }))
  const values = 'SHOP_PASSWORD="correct horse battery"\nSHOP_REGION=eu-central-1\n'
  await writeFile(join(folder, '.env'), values, { mode: 0o600 })
  await serveReady(args, { cwd: folder })
  expect((await call(port)).body).toBe('[redacted], eu-central-1')
  expect(upstream.seen[0]?.headers['x-plain']).toBe('correct horse battery')
})
