import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'written')

it.each([
  ['a broken section', 'gatewayz: {}'],
  ['a section of the wrong type', 'gateways: 3'],
])('a key that stands in the config is told of beside %s', async (_, broken) => {
  const cwd = await tempFolder()
  const text = `${broken}
llm:
  models:
  - { name: a, provider: openAI, params: { apiKey: ${KEY} } }
  - { name: b, provider: openAI, auth: { key: { value: ${KEY} } } }
  - { name: c, provider: openAI, params: { apiKey: $NOT_SET } }
routes:
- backends:
  - host: example.com:443
    policies: { backendAuth: { credentials: [{ key: ${KEY} }], key: 3 } }
`
  await writeFile(join(cwd, 'config.yaml'), text)
  const { diagnostics, secrets } = await checkConfig({ env: {}, cwd }, { engine: undefined, secrets: true })
  expect(diagnostics.some(one => one.severity === 'error')).toBe(true)
  expect(
    diagnostics.filter(one => one.code === 'INLINE_KEY').map(one => [one.range.start.line, one.severity]),
  ).toEqual([
    [4, 'warning'],
    [5, 'warning'],
    [10, 'warning'],
  ])
  expect(secrets.map(secret => secret.reveal())).toEqual([KEY, KEY, KEY])
})
