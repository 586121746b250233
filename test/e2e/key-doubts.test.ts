import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const doubtful: readonly (readonly [what: string, key: string, says: RegExp])[] = [
  ['too short for a key', 'x', /shorter than 16 characters/],
  ["another provider's", keyLike('anthropic', 'doubt'), /looks like an Anthropic key/],
  [
    'one that manages an organisation',
    keyLike('openai', 'doubt').replace('sk-proj-', 'sk-admin-'),
    /an admin key manages/,
  ],
]

it('a server of one’s own may want any word: no command doubts a short one', async () => {
  const cwd = await tempFolder()
  const there = 'name: openai\n          hostOverride: "127.0.0.1:11434"'
  await writeFile(join(cwd, 'config.yaml'), GUIDE.env.replace('name: openai', there))
  const set = await agw(['keys', 'set', 'openai'], { cwd, input: 'ollama\n' })
  expect(set.stderr).not.toContain('shorter')
  const [list, validate, doctor] = await Promise.all(
    [['keys', 'list'], ['validate'], ['doctor']].map(args => agw([...args, '--json'], { cwd })),
  )
  expect(JSON.parse(list?.stdout ?? '').keys).toMatchObject([{ state: 'ok' }])
  expect(validate?.stdout).not.toContain('KEY_SUSPECT')
  expect(JSON.parse(doctor?.stdout ?? '').findings).toContainEqual(
    expect.objectContaining({ about: 'key openai', state: 'ok' }),
  )
})

it.each([
  ['openAI', 'anthropic'],
  ['anthropic', 'openai'],
] as const)(
  'a server of one’s own may want anybody’s key: with the API of %s that of %s',
  async (provider, owner) => {
    const cwd = await tempFolder()
    const params = '{ apiKey: "$LLM_API_KEY", baseUrl: "https://llm.example.com/v1" }'
    await writeFile(
      join(cwd, 'config.yaml'),
      `llm: { models: [{ name: "*", provider: ${provider}, params: ${params} }] }\n`,
    )
    const set = await agw(['keys', 'set'], { cwd, input: keyLike(owner, 'own host') })
    expect([set.status, set.stderr]).toEqual([0, expect.not.stringContaining('warning')])
    const list = await agw(['keys', 'list', '--json'], { cwd })
    expect(JSON.parse(list.stdout).keys).toMatchObject([{ state: 'ok' }])
    expect((await agw(['keys', 'list'], { cwd })).stdout).toContain(` ${provider} at llm.example.com `)
    expect((await agw(['validate'], { cwd })).stdout).not.toContain('KEY_')
  },
)

describe('every command judges a key alike', () => {
  it.each(doubtful)('%s: a doubt of keys set, keys list, validate and doctor', async (_, key, says) => {
    const cwd = await tempFolder()
    await writeFile(join(cwd, 'config.yaml'), GUIDE.env)
    const set = await agw(['keys', 'set', 'openai'], { cwd, input: `${key}\n` })
    expect(set.stderr).toMatch(new RegExp(`warning .*${says.source}`))
    const [list, validate, doctor] = await Promise.all(
      [['keys', 'list'], ['validate'], ['doctor']].map(args => agw([...args, '--json'], { cwd })),
    )
    expect(JSON.parse(list?.stdout ?? '').keys).toMatchObject([
      { state: 'suspect', detail: expect.stringMatching(says) },
    ])
    expect(JSON.parse(validate?.stdout ?? '').files[0].diagnostics).toContainEqual(
      expect.objectContaining({ severity: 'warning', message: expect.stringMatching(says) }),
    )
    expect(JSON.parse(doctor?.stdout ?? '').findings).toContainEqual(
      expect.objectContaining({ about: 'key openai', state: 'warning', hint: expect.stringMatching(says) }),
    )
  })
})
