import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkConfig } from '../src/checking/check.ts'
import { ROOT, tempFolder } from './helpers/agw.ts'

/** First keys of what other programs read: workflows, pipelines, hooks, roles of Kubernetes. */
const OTHERS = ['name', 'validate', 'repos', 'rules']
const AGW_YAML = ['secrets', 'sources', 'maxAge']

const pages = readdirSync(join(ROOT, 'docs'))
  .filter(name => name.endsWith('.md') && name !== 'diagnostics.md')
  .map(name => `docs/${name}`)
const blocks = ['README.md', ...pages].flatMap(page => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(({ index, 1: yaml = '' }) => ({
    at: `${page}:${text.slice(0, index).split('\n').length + 1}`,
    yaml,
    first: Object.keys(parse(yaml))[0] ?? '',
  }))
})

/** Findings beside the keys themselves, which no reader has yet. */
async function errorsOf(config: string, agwYaml?: string): Promise<string[]> {
  const cwd = await tempFolder()
  writeFileSync(join(cwd, 'config.yaml'), config)
  if (agwYaml !== undefined) writeFileSync(join(cwd, 'agw.yaml'), agwYaml)
  const checked = await checkConfig({ cwd, env: {} }, { secrets: false, engine: 'embedded' })
  return [checked, ...checked.beside]
    .flatMap(file => file.diagnostics.map(one => ({ ...one, file: file.name })))
    .filter(one => one.severity === 'error')
    .map(one => `${one.file}:${one.range.start.line} ${one.code} ${one.message}`)
}

describe('what the pages show can be pasted as it stands', () => {
  it.each(blocks.filter(({ first }) => !OTHERS.includes(first) && !AGW_YAML.includes(first)))(
    'the config at $at, for agw serve',
    async ({ yaml }) => {
      expect(await errorsOf(yaml)).toEqual([])
    },
  )

  it.each(blocks.filter(({ first }) => AGW_YAML.includes(first)))('the agw.yaml at $at', async ({ yaml }) => {
    const variables = Object.keys(parse(yaml).secrets ?? {})
    const models = variables.map(
      name => `{ name: ${name}, provider: openAI, params: { apiKey: "$${name}" } }`,
    )
    expect(await errorsOf(`llm: { models: [${models}] }\n`, yaml)).toEqual([])
  })
})
