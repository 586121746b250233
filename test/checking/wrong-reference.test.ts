import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

it.each([
  ['OPENAI_API_KEY', /^name a variable with a key of anthropic here: OPENAI_API_KEY is named for/],
  ['SOME_KEY', /^export the right one as SOME_KEY, or unset it and store that with `agw keys set claude`/],
])('a key of another provider in %s: what is wrong is told apart', async (name, hint) => {
  const cwd = await tempFolder()
  const file = join(cwd, 'config.yaml')
  const model = `{name: claude, provider: anthropic, params: {apiKey: "$${name}"}}`
  await writeFile(file, `llm: {models: [${model}]}\n`)
  const load = { file, cwd, env: { [name]: keyLike('openai', 'other') } }
  const { diagnostics } = await checkConfig(load, { secrets: true })
  const found = diagnostics.find(one => one.code === 'KEY_OF_ANOTHER_PROVIDER')
  expect(found?.hint).toMatch(hint)
})

it.each([
  ['nobody else', '', /^store the right one with `agw keys set claude`$/],
  [
    'a slot whose it is',
    ', {name: "gpt-*", provider: openAI, params: {apiKey: "$SOME_KEY"}}',
    /^store its key under a name of its own with `agw keys set claude --method env --env CLAUDE_API_KEY`: this one is the key of openai$/,
  ],
])('a key of another provider in .env that %s uses', async (_, more, hint) => {
  const cwd = await tempFolder()
  const file = join(cwd, 'config.yaml')
  const model = '{name: claude, provider: anthropic, params: {apiKey: "$SOME_KEY"}}'
  await writeFile(file, `llm: {models: [${model}${more}]}\n`)
  await writeFile(join(cwd, '.env'), `SOME_KEY=${keyLike('openai', 'other')}\n`, { mode: 0o600 })
  const { diagnostics } = await checkConfig({ file, cwd, env: {} }, { secrets: true })
  const found = diagnostics.filter(one => one.code === 'KEY_OF_ANOTHER_PROVIDER')
  expect(found.map(one => one.hint)).toEqual([expect.stringMatching(hint)])
})
