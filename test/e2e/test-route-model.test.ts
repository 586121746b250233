import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'test-route')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

const put = (llm: object): Promise<void> =>
  writeFile(join(folder, 'config.yaml'), JSON.stringify({ gateways: { default: { port: 3000 } }, llm }))

const of = (name: string, provider: string, more: object = {}) => ({
  name,
  provider,
  params: { apiKey: KEY, ...more },
})

describe('the model that is asked for where none is named', () => {
  const models = (...list: object[]): Promise<void> => put({ models: list })
  const upstream = async (...args: string[]) => {
    const { stdout } = await agw(['test-route', '--explain', '--json', ...args], { cwd: folder })
    return JSON.parse(stdout).upstream
  }
  it('is one that the provider has', async () => {
    await models(of('*', 'anthropic'))
    expect((await upstream()).body).toContain('"model":"claude-')
    expect((await upstream('/v1/messages')).body).toContain('"model":"claude-')
    await models(of('gemini-*', 'gemini'), of('claude-*', 'anthropic'))
    expect((await upstream()).body).toMatch(/"model":"(claude|gemini)-/)
  })

  it('makes embeddings where those are asked for', async () => {
    await models(of('*', 'openAI'))
    expect((await upstream('/v1/embeddings')).body).toContain('text-embedding-3-small')
  })

  it('is the name that stands for models that nobody may ask for', async () => {
    await put({
      models: [{ ...of('inner', 'openAI'), visibility: 'internal' }],
      virtualModels: [{ name: 'smart', routing: { weighted: { targets: [{ model: 'inner', weight: 1 }] } } }],
    })
    expect((await upstream()).body).toContain('"model":"inner"')
  })

  it('is one that makes embeddings only where those are asked for', async () => {
    await models(of('our-embedder', 'openAI'), of('our-chat', 'openAI'))
    expect((await upstream()).body).toContain('our-chat')
    expect((await upstream('/v1/embeddings')).body).toContain('our-embedder')
  })

  it('is one of the config where it has no others', async () => {
    await models(of('house-model', 'openAI', { baseUrl: 'http://127.0.0.1:9/v1' }))
    expect((await upstream()).body).toContain('house-model')
  })
})

describe('that model behind a gateway that asks who a client is', () => {
  const VIRTUAL = 'agw_sk_of-the-blue-team'
  const strict = (more: object, ...list: object[]): Promise<void> =>
    put({ policies: { apiKey: { mode: 'strict', keys: [{ key: VIRTUAL, ...more }] } }, models: list })
  const asked = async (...args: string[]) => {
    const { stdout, stderr } = await agw(
      ['test-route', '--explain', '--json', '--key-from-env', 'MINE', ...args],
      { cwd: folder, env: { MINE: VIRTUAL } },
    )
    const { upstream, response } = JSON.parse(stdout)
    return upstream.body === null ? (response ?? stderr) : JSON.parse(upstream.body).model
  }

  it.each<[what: string, more: object, list: object[], model: string | RegExp]>([
    ['only another provider', {}, [of('claude-*', 'anthropic')], /^claude-/],
    ['only a name of the house', {}, [of('house-model', 'openAI')], 'house-model'],
    ['only names that begin so', {}, [of('house-*', 'openAI')], /^house-./],
    ['only names that end so', {}, [of('*-house', 'openAI')], /.-house$/],
    ['a name, and all others', {}, [of('*', 'openAI'), of('house', 'anthropic')], 'house'],
    ['what the key may not use', { allowedModels: ['b*'] }, [of('a', 'openAI'), of('b', 'openAI')], 'b'],
    ['all, where the key may use some', { allowedModels: ['house-*'] }, [of('*', 'openAI')], /^house-./],
    [
      'what the rules keep from it',
      { metadata: { team: 'blue' } },
      [
        { ...of('a', 'openAI'), authorization: { rules: ['apiKey.team == "red"'] } },
        { ...of('b', 'openAI'), authorization: { rules: ['apiKey.team == "blue"'] } },
      ],
      'b',
    ],
  ])('is one of the config that has %s', async (_, more, list, model) => {
    await strict(more, ...list)
    expect(await asked()).toMatch(typeof model === 'string' ? new RegExp(`^${model}$`) : model)
  })
})
