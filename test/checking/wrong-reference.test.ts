import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

it.each([
  ['OPENAI_API_KEY', /^name a variable with a key of anthropic here: OPENAI_API_KEY is named for/],
  ['SOME_KEY', /^store the right one with `agw keys set /],
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
