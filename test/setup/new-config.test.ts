import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { findSlot } from '../../src/config/find-slot.ts'
import { STYLES } from '../../src/config/generate.ts'
import { readDocument } from '../../src/config/read.ts'
import { keySlots } from '../../src/config/slots.ts'
import { validate } from '../../src/config/validate.ts'
import { findUnsupported } from '../../src/gateway/supported/config.ts'
import { ONBOARDING, type Onboarding } from '../../src/providers/onboarding.ts'
import { Secret } from '../../src/secrets/secret.ts'
import {
  type ChosenProvider,
  INIT_METHODS,
  type InitMethod,
  planNewConfig,
  slotNames,
} from '../../src/setup/new-config.ts'
import { planStoreKey, STORE_METHODS } from '../../src/setup/store-key.ts'
import { ROOT } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const SCHEMA = join(ROOT, '../shared/compat/agentgateway.schema.json')
const published = existsSync(SCHEMA)
  ? new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')))
  : undefined
if (published === undefined)
  console.warn('the published schema is not here: what agw writes is checked against its own only')

const key = new Secret(keyLike('openai', 'new config'))
const place = { config: '/home/me/config.yaml', cwd: '/home/me', dotenv: '' }

function chosen(
  provider: Onboarding,
  method: InitMethod,
  more: Partial<ChosenProvider> = {},
): ChosenProvider {
  return {
    provider,
    method,
    key,
    settings: Object.fromEntries(
      (provider.settings ?? []).map(({ flag, otherwise }) => [flag, otherwise ?? 'some-name']),
    ),
    ...(provider.id === 'openai-compatible' && { baseUrl: 'https://llm.example.com/v1' }),
    ...more,
  }
}

/** The document of a text, and every complaint about it, ours and the published schema's. */
function judge(text: string) {
  const document = readDocument(text, { file: 'config.yaml', lookup: () => key.reveal() })
  const { config, diagnostics } = validate(document)
  const errors = diagnostics.filter(one => one.severity === 'error').map(one => `${one.code}: ${one.message}`)
  if (published && !published(document.data)) errors.push(JSON.stringify(published.errors?.slice(0, 2)))
  return { document, config, errors }
}

/** Which methods `agw init` takes for a provider. */
function goesWith({ keyless }: Onboarding, method: InitMethod): boolean {
  return method === 'none' ? keyless !== undefined : keyless !== 'always'
}

const table = STYLES.flatMap(style =>
  INIT_METHODS.flatMap(method =>
    ONBOARDING.filter(row => goesWith(row, method)).map(row => [row.id, method, style] as const),
  ),
)

describe('every config that init writes', () => {
  it.each(table)(
    '%s, %s, %s: is valid, runs here, and names its slot as the next step says',
    (id, method, style) => {
      const row = ONBOARDING.find(one => one.id === id)
      if (row === undefined) throw new Error(id)
      for (const model of [undefined, row.exampleModel]) {
        const choices = { style, port: 3000, providers: [chosen(row, method, { model })] }
        const [file] = planNewConfig(choices, place)
        const { config, document, errors } = judge(file?.content ?? '')
        expect(errors).toEqual([])
        if (config === undefined) throw new Error('no config')
        expect(findUnsupported(config)).toEqual([])
        const slots = keySlots(config, document)
        expect(slots).toHaveLength(1)
        const slot = findSlot(slots, slotNames(choices)[0] ?? '')
        expect(slot.method).toBe(['file', 'inline', 'passthrough', 'none'].includes(method) ? method : 'env')
        expect(slot.provider.toLowerCase()).toBe(
          (style === 'llm' ? row.words.llm : row.words.ai).toLowerCase(),
        )
      }
    },
  )

  it.each(STYLES)('several providers at once: %s', style => {
    const providers = ONBOARDING.map(row =>
      chosen(row, goesWith(row, 'env') ? 'env' : 'none', { model: row.exampleModel }),
    )
    const [file] = planNewConfig({ style, port: 3000, providers }, place)
    const { config, document, errors } = judge(file?.content ?? '')
    expect(errors).toEqual([])
    expect(config && keySlots(config, document)).toHaveLength(ONBOARDING.length)
  })

  it('several providers in one llm section need a model each where no pattern says which are theirs', () => {
    const providers = ONBOARDING.map(row => chosen(row, 'env'))
    expect(() => planNewConfig({ style: 'llm', port: 3000, providers }, place)).toThrow(
      /needs the name of its model/,
    )
  })

  it.each(STYLES)('an address without a path is that of APIs below /v1: %s', style => {
    const written = (baseUrl: string): string | undefined => {
      const row = ONBOARDING.find(({ id }) => id === 'openai-compatible')
      if (row === undefined) throw new Error('no such provider')
      const providers = [chosen(row, 'none', { baseUrl })]
      return planNewConfig({ style, port: 3000, providers }, place)[0]?.content
    }
    const below = written('http://127.0.0.1:8000/v1')
    expect(below).toContain('/v1')
    expect(written('http://127.0.0.1:8000')).toBe(below)
    expect(written('http://127.0.0.1:8000/')).toBe(below)
    expect(written('http://127.0.0.1:8000/v2')).not.toBe(below)
  })

  it('a passthrough header of its own stands in the config', () => {
    const [openai] = ONBOARDING
    if (openai === undefined) throw new Error('no provider')
    for (const style of STYLES) {
      const providers = [chosen(openai, 'passthrough', { header: 'x-provider-key' })]
      const [file] = planNewConfig({ style, port: 3000, providers }, place)
      expect(judge(file?.content ?? '').errors).toEqual([])
      expect(file?.content).toContain('name: x-provider-key')
    }
  })
})

describe('every config that keys set writes', () => {
  const moves = STYLES.flatMap(style =>
    INIT_METHODS.flatMap(from => STORE_METHODS.map(to => [style, from, to] as const)),
  )
  it.each(moves)('%s: from %s to %s', async (style, from, to) => {
    const [openai] = ONBOARDING
    if (openai === undefined) throw new Error('no provider')
    const [before] = planNewConfig({ style, port: 3000, providers: [chosen(openai, from)] }, place)
    const text = before?.content ?? ''
    const { config, document } = judge(text)
    if (config === undefined) throw new Error('no config')
    const [slot] = keySlots(config, document)
    if (slot === undefined) throw new Error('no slot')
    const plan = await planStoreKey(
      { slot, value: key, method: to },
      {
        config: place.config,
        text,
        dotenv: '/nowhere/.env',
        cwd: place.cwd,
        folder: place.cwd,
        agw: undefined,
      },
    )
    const after = plan.files.find(file => file.path === place.config)?.content ?? text
    const judged = judge(after)
    expect(judged.errors).toEqual([])
    const slots = judged.config ? keySlots(judged.config, judged.document) : []
    expect(slots.map(one => one.method)).toEqual([['file', 'inline'].includes(to) ? to : 'env'])
    expect(after.split('\n').filter(line => line.startsWith('#'))).toHaveLength(2)
    if (to !== 'inline') expect(after).not.toContain(key.reveal())
  })
})
