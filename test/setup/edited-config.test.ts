import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LoadedConfig, loadConfig } from '../../src/load.ts'
import { editedConfig } from '../../src/setup/edited-config.ts'
import { tempFolder } from '../helpers/agw.ts'

async function load(text: string): Promise<LoadedConfig> {
  const cwd = await tempFolder()
  await writeFile(join(cwd, 'config.yaml'), text)
  return await loadConfig({ cwd, env: { HOME: cwd } })
}

/** Two binds of a port: an error that a config may have while it is changed. */
const twice = (port: number): string => `- { port: ${port}, listeners: [] }\n`.repeat(2)
const hash = (letters: string): string => `  - keyHash: "sha256:${letters.repeat(32)}"\n`
const KEYS = `llm:\n  port: 1\n  models: []\n  policies:\n    apiKey:\n      mode: strict\n      keys:\n`

describe('a finding of a changed config is new', () => {
  it('where it differs from a known one in a number alone', async () => {
    const loaded = await load(`binds:\n${twice(3000)}`)
    expect(() => editedConfig(loaded, `binds:\n${twice(3000)}${twice(3001)}`)).toThrow(/port 3001 is taken/)
  })

  it('where there were fewer that say the same', async () => {
    const loaded = await load(KEYS + (hash('ab') + hash('ab')).replaceAll('  - ', '      - '))
    const text = loaded.document.text + hash('ab').replace('  - ', '      - ')
    expect(editedConfig(loaded, text).findings.map(one => one.range.start.line)).toEqual([10])
  })

  it('not where it has but moved', async () => {
    const loaded = await load(`binds:\n${twice(3000)}`)
    const { findings } = editedConfig(loaded, `# new\nbinds:\n${twice(3000)}`)
    expect(findings).toEqual([])
  })
})
