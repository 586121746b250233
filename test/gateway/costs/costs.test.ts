import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Cost } from '../../../src/gateway/costs/costs.ts'
import { dollars } from '../../../src/gateway/costs/money.ts'
import type { Usage } from '../../../src/gateway/telemetry/usage.ts'
import { runtimeOf } from '../kit/config.ts'

type Call = { readonly provider?: string; readonly model?: string; readonly answerModel?: string }

const catalog = (models: object, provider = 'openai') => ({ providers: { [provider]: { models } } })
const priced = (rates: object, tiers?: object[]) => catalog({ m: { rates, ...(tiers && { tiers }) } })

/** What a call costs by these sources of prices, each a file, as text in the config or as a map in it. */
function costBy(sources: readonly object[], usage: Partial<Usage> | undefined, asked: Call = {}): Cost {
  const { costs } = runtimeOf(JSON.stringify({ config: { modelCatalog: sources } }), {
    readFile: file => readFileSync(new URL(file, import.meta.url), 'utf8'),
  })
  if (costs === undefined) throw new Error('there is no catalog')
  const { provider = 'openai', model = 'm', answerModel } = asked
  const told = usage && { inputTokens: undefined, outputTokens: undefined, ...usage }
  return costs.of({ provider, model, answerModel, usage: told })
}

function totalBy(written: object, usage: Partial<Usage> | undefined, asked?: Call): string {
  const { status, total } = costBy([{ inline: written }], usage, asked)
  return total === undefined ? status : dollars(total)
}

describe('what a call costs', () => {
  const million = { inputTokens: 1_000_000 }
  const cached = { ...million, cacheReadTokens: 300_000, cacheCreationTokens: 200_000 }
  const tiers = [
    { contextOver: 100_000, rates: { input: '2' } },
    { contextOver: 500_000, rates: { input: '4' } },
  ]
  it.each<[string, object, Partial<Usage> | undefined, string]>([
    ['input and output', priced({ input: '1', output: '2' }), { ...million, outputTokens: 500_000 }, '2'],
    ['parts of a cent', priced({ input: '0.075' }), { inputTokens: 333 }, '0.000024975'],
    [
      'what binary fractions cannot tell',
      priced({ input: '0.1', output: '0.2' }),
      { inputTokens: 1, outputTokens: 1 },
      '0.0000003',
    ],
    ['the smallest price', priced({ input: '0.000001' }), { inputTokens: 1 }, '0.000000000001'],
    [
      'more than a double holds',
      priced({ input: '1234567.654321' }),
      { inputTokens: 9_007_199_254 },
      '11119996855.012641076534',
    ],
    ['caches that have prices', priced({ input: '1', cacheRead: '0.1', cacheWrite: '1.25' }), cached, '0.78'],
    ['writing to a cache that has none', priced({ input: '1', cacheRead: '0.1' }), cached, '0.73'],
    ['caches that have none', priced({ input: '1' }), cached, '1'],
    ['caches alone', priced({ cacheRead: '1' }), cached, '0.3'],
    [
      'more in a cache than there was',
      priced({ input: '1', cacheRead: '1' }),
      { inputTokens: 1, cacheReadTokens: 2 },
      '0.000002',
    ],
    [
      'thoughts, as output',
      priced({ output: '10' }),
      { outputTokens: 500_000, reasoningTokens: 100_000 },
      '5',
    ],
    [
      'thoughts by themselves',
      priced({ output: '10', reasoning: '1' }),
      { outputTokens: 500_000, reasoningTokens: 100_000 },
      '4.1',
    ],
    [
      'audio, as text',
      priced({ input: '1', output: '2' }),
      { ...million, inputAudioTokens: 5, outputTokens: 9, outputAudioTokens: 4 },
      '1.000018',
    ],
    [
      'audio by itself',
      priced({ input: '1', output: '2', inputAudio: '40', outputAudio: '80' }),
      { inputTokens: 10, inputAudioTokens: 5, outputTokens: 9, outputAudioTokens: 4 },
      '0.000535',
    ],
    ['up to a tier', priced({ input: '1' }, tiers), { inputTokens: 100_000 }, '0.1'],
    ['above a tier, all of it', priced({ input: '1' }, tiers), { inputTokens: 100_001 }, '0.200002'],
    ['above the highest tier', priced({ input: '1' }, tiers), { inputTokens: 600_000 }, '2.4'],
    [
      'what a tier does not price',
      priced({ input: '1', output: '10' }, tiers),
      { inputTokens: 200_000, outputTokens: 1000 },
      '0.41',
    ],
    [
      'a price of a tier alone',
      priced({ input: '10' }, [{ contextOver: 200_000, rates: { cacheRead: '1' } }]),
      { inputTokens: 300_000, cacheReadTokens: 100_000 },
      '2.1',
    ],
    ['below the only price', priced({}, tiers), { inputTokens: 100_000 }, 'Unpriced'],
    ['above it', priced({}, tiers), { inputTokens: 300_000 }, '0.6'],
    ['no prices', priced({}), million, 'Unpriced'],
    ['prices that are null', priced({ input: null }), million, 'Unpriced'],
    ['a price of nothing', priced({ input: '0' }), million, '0'],
    ['a price without a whole', priced({ input: '.5' }), million, '0.5'],
    ['a price without decimals', priced({ input: '5.' }), million, '5'],
    ['a price with its sign', priced({ input: '+1.50' }), million, '1.5'],
    ['a price in groups of digits', priced({ input: '1_000.000_001' }), million, '1000.000001'],
    ['an answer that tells no tokens', priced({ input: '1' }), undefined, '0'],
  ])('%s', (_title, written, usage, wanted) => {
    expect(totalBy(written, usage)).toBe(wanted)
  })

  it.each<[string, Call, string]>([
    ['the model that answered', { model: 'asked', answerModel: 'm' }, '1'],
    ['the model that was asked for, where the other is unknown', { model: 'm', answerModel: 'm-2026' }, '1'],
    [
      'the model that answered, although the other has a price',
      { model: 'm', answerModel: 'free' },
      'Unpriced',
    ],
    ['no model of the catalog', { model: 'other', answerModel: 'another' }, 'Missing'],
    ['a model of another provider', { provider: 'azure' }, 'Missing'],
    ['a model by another case', { model: 'M' }, 'Missing'],
    ['a name that every object has', { model: 'constructor', answerModel: '__proto__' }, 'Missing'],
    ['a provider that every object has', { provider: 'toString' }, 'Missing'],
  ])('is that of %s', (_title, asked, wanted) => {
    const written = catalog({ m: { rates: { input: '1' } }, free: { tags: ['t'] } })
    expect(totalBy(written, million, asked)).toBe(wanted)
  })

  it('is told by its parts', () => {
    const rates = {
      input: '3',
      output: '15',
      cacheRead: '0.3',
      cacheWrite: '3.75',
      reasoning: '15',
      inputAudio: '40',
      outputAudio: '80',
    }
    const usage = {
      inputTokens: 3550,
      cacheReadTokens: 2000,
      cacheCreationTokens: 500,
      inputAudioTokens: 50,
      outputTokens: 625,
      reasoningTokens: 100,
      outputAudioTokens: 25,
    }
    const { parts, total } = costBy([{ inline: priced(rates) }], usage)
    expect(
      Object.fromEntries(Object.entries(parts ?? {}).map(([name, part]) => [name, dollars(part)])),
    ).toEqual({
      input: '0.003',
      output: '0.0075',
      cacheRead: '0.0006',
      cacheWrite: '0.001875',
      reasoning: '0.0015',
      inputAudio: '0.002',
      outputAudio: '0.002',
    })
    expect(total).toBe(18_475_000_000n)
  })
})

describe('a catalog', () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000 }
  const total = (...sources: object[]) => dollars(costBy(sources, usage).total ?? -1n)

  it('lies over the one before it, price by price', () => {
    const first = {
      inline: priced({ input: '1', output: '10' }, [{ contextOver: 5, rates: { input: '2' } }]),
    }
    expect(total(first)).toBe('12')
    expect(total(first, { inline: priced({ output: '8' }) })).toBe('10')
    expect(total(first, { inline: catalog({ m: { tags: ['new'] } }) })).toBe('12')
    expect(total(first, { inline: priced({}, [{ contextOver: 5, rates: { output: '1' } }]) })).toBe('2')
    expect(total(first, { inline: catalog({ other: { rates: { input: '9' } } }) })).toBe('12')
    expect(total(first, { inline: {} }, { inline: { providers: { openai: {} } } })).toBe('12')
  })

  it('stands in the config as a map or as text, or in a file', () => {
    expect(total({ inline: JSON.stringify(priced({ input: '4' })) })).toBe('4')
    expect(total({ inline: priced({ input: '1' }) }, { file: 'catalog.json' })).toBe('7')
    expect(total({ file: 'catalog.json' }, { inline: priced({ input: '1' }) })).toBe('3')
  })

  it.each(['{}', '{config: null}', '{config: {modelCatalog: null}}', '{config: {modelCatalog: []}}'])(
    'is none in %s',
    text => {
      expect(runtimeOf(text).costs).toBeUndefined()
    },
  )

  it('of the docs has the prices that they tell', () => {
    const docs = readFileSync(new URL('../../../docs/running.md', import.meta.url), 'utf8')
    const section = docs.slice(docs.indexOf('\n## Costs'))
    const [, text = ''] = /```yaml\n(.*?)```/s.exec(section) ?? []
    const { costs } = runtimeOf(text, { readFile: () => JSON.stringify(priced({ input: '1' })) })
    const call = { answerModel: undefined, usage: { inputTokens: 300_000, outputTokens: 1000 } }
    const costOf = (provider: string, model: string) => costs?.of({ ...call, provider, model }).total
    expect(
      [costOf('openai', 'm'), costOf('anthropic', 'claude-haiku-4-5')].map(one => dollars(one ?? -1n)),
    ).toEqual(['0.3', '0.6075'])
  })

  const MONEY = /this is not an amount of money/
  it.each<[string, object, RegExp]>([
    ['no map', [], /here belongs a map/],
    ['a key of another name', { prices: {} }, /a key that catalogs do not have/],
    ['no map of providers', { providers: [] }, /providers: here belongs a map/],
    ['a provider that is none', { providers: { a: 1 } }, /providers\.a: here/],
    ['no map of models', { providers: { a: { models: null } } }, /providers\.a\.models: here belongs a map/],
    ['a key of another name in a model', catalog({ m: { limits: {} } }), /models\.m: this has a key/],
    ['a price as a number', priced({ input: 1.5 }), MONEY],
    ['a price below nothing', priced({ output: '-1' }), /rates\.output: this is not an amount/],
    ['a price of too many digits', priced({ input: '0.1234567' }), MONEY],
    ['a price of a point alone', priced({ input: '.' }), MONEY],
    ['a price that begins with a group', priced({ input: '_1' }), MONEY],
    ['a price with a power', priced({ input: '1e3' }), MONEY],
    ['a price with a blank', priced({ input: ' 1' }), MONEY],
    ['a price of something else', priced({ image: '1' }), /rates: this has a key/],
    ['tiers that are no list', catalog({ m: { tiers: {} } }), /tiers: here belongs a list/],
    ['a tier without prices', priced({}, [{ contextOver: 1 }]), /tiers\[0\]\.rates: here belongs a map/],
    [
      'a tier without its bound',
      priced({}, [{ rates: {} }]),
      /tiers\[0\]\.contextOver: this is not a number/,
    ],
    [
      'tiers that do not rise',
      priced({}, [
        { contextOver: 5, rates: {} },
        { contextOver: 5, rates: {} },
      ]),
      /tiers\[1\]\.contextOver: this tier is not above/,
    ],
    ['tags that are no texts', catalog({ m: { tags: [1] } }), /tags: tags are texts/],
  ])('is refused for %s, wherever it stands', (_title, written, words) => {
    const text = JSON.stringify(written)
    const file = { readFile: () => text }
    const inFile = () => runtimeOf('config: {modelCatalog: [{inline: {}}, {file: costs.json}]}', file)
    expect(inFile).toThrow(words)
    expect(inFile).toThrow(/^config\.modelCatalog\[1\]\.file: costs\.json: /)
    const asText = () => runtimeOf(JSON.stringify({ config: { modelCatalog: [{ inline: text }] } }))
    expect(asText).toThrow(words)
    expect(asText).toThrow(/^config\.modelCatalog\[0\]\.inline: /)
  })

  it.each([
    ['no JSON', () => 'providers: {}', /: costs\.json: this catalog is no JSON$/],
    [
      'a file that is not there',
      () => {
        throw Object.assign(new Error('no'), { code: 'ENOENT' })
      },
      /: costs\.json cannot be read: it does not exist$/,
    ],
  ])('is refused for %s', (_title, readFile, words) => {
    const run = () => runtimeOf('config: {modelCatalog: [{file: costs.json}]}', { readFile })
    expect(run).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(run).toThrow(words)
  })

  it('as a map is refused with the place in it', () => {
    const tier = '{contextOver: 1, rates: {}}'
    const run = () =>
      runtimeOf(
        `config: {modelCatalog: [{inline: {providers: {a: {models: {m: {tiers: [${tier}, ${tier}]}}}}}}]}`,
      )
    expect(run).toThrow(/inline\.providers\.a\.models\.m\.tiers\[1\]\.contextOver: /)
  })
})
