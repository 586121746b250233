import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { checkConfig } from '../../src/checking/check.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import { compileRuntime } from '../../src/gateway/index.ts'
import { loadUsable } from '../../src/load.ts'
import { hasCompat, publicConfigs, WITHOUT_COMPAT } from '../helpers/compat.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'start')
const folder = mkdtempSync(join(tmpdir(), 'agw-start-'))
const load = { file: join(folder, 'config.yaml'), env: { KEY }, cwd: folder, envFile: false } as const

/** What is found where the embedded gateway shall run it: `CODE line`, errors only. */
async function errorsIn(text: string): Promise<string[]> {
  writeFileSync(load.file, text, { mode: 0o600 })
  const { diagnostics } = await checkConfig(load, { secrets: true, engine: 'embedded' })
  return diagnostics
    .filter(one => one.severity === 'error')
    .map(({ code, range, message }) => `${code} ${range.start.line} ${message}`)
}

describe('what keeps the embedded gateway from starting is found by a check for it', () => {
  it('an expression that its parser alone refuses', async () => {
    const text = `gateways: {default: {port: 8080}}
routes:
- backends: [{host: "127.0.0.1:1"}]
  policies:
    authorization:
      rules:
      - __proto__
`
    expect(await errorsIn(text)).toEqual([
      'NOT_RUN_HERE 7 the embedded gateway does not start: the embedded gateway cannot run this expression',
    ])
  })

  it('a bad catalog of prices, beside other findings', async () => {
    const text = (source: string): string => `config: {modelCatalog: [${source}]}
llm:
  models:
  - {name: a, provider: openAI, params: {apiKey: "$UNSET_KEY"}}
`
    const unset = expect.stringMatching(/^VARIABLE_UNSET 4 /)
    writeFileSync(join(folder, 'prices.json'), '[1')
    for (const source of ['{inline: "[1"}', '{file: prices.json}'])
      expect(await errorsIn(text(source))).toEqual([
        expect.stringMatching(/^MATERIAL_UNUSABLE 1 .*this catalog is no JSON$/),
        unset,
      ])
    expect(await errorsIn(text('{inline: "$PRICES"}'))).toEqual([
      expect.stringMatching(/^VARIABLE_UNSET 1 /),
      unset,
    ])
  })

  it('and nothing where a key is missing, which is told of by itself', async () => {
    const text = `llm:
  models:
  - {name: a, provider: openAI, params: {apiKey: {file: absent.key}}}
`
    expect(await errorsIn(text)).toEqual([expect.stringMatching(/^KEY_UNREADABLE 3 /)])
  })
})

describe.skipIf(!hasCompat)(hasCompat ? 'the public configs' : WITHOUT_COMPAT, () => {
  const configs = publicConfigs()
    .filter(one => one.schemaValid)
    .map(({ data }) => stringify(data))

  it('with a line less or a line twice: each in which no error is found starts', async () => {
    let started = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...configs), fc.nat(), fc.boolean(), async (text, at, isTwice) => {
        const lines = text.split('\n')
        const index = at % lines.length
        lines.splice(index, 1, ...(isTwice ? [lines[index] ?? '', lines[index] ?? ''] : []))
        if ((await errorsIn(lines.join('\n'))).length > 0) return
        const { resolved } = await loadUsable(load)
        const gateway = await startGateway(compileRuntime(resolved), { inMemory: true })
        await gateway.close({ drainMs: 0 })
        started++
      }),
      { numRuns: 1000 },
    )
    expect(started).toBeGreaterThan(50)
  })
})
