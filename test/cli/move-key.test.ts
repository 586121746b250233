import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { findKeyChange } from '../../src/cli/key-change.ts'
import { moveKey } from '../../src/cli/move-key.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import type { WriteFilesOptions } from '../../src/cli/write-files.ts'
import { AgwError } from '../../src/errors.ts'
import { loadConfig } from '../../src/load.ts'
import type { KeyPlace } from '../../src/secrets/rotation/journal.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { planForgetOld } from '../../src/setup/forget-key.ts'
import { planStoreKey, type StoreMethod } from '../../src/setup/store-key.ts'
import { cleanEnv, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'not-read-back')
const CONFIG = (key: string) =>
  `llm: { models: [{ name: one, provider: openAI, params: { apiKey: ${key} } }] }\n`

it.each([
  ['file', '{ file: a.key }', 'a.key', 'env'],
  ['file', '{ file: a.key }', 'a.key', 'encrypted'],
  ['inline', KEY, 'config.yaml', 'env'],
])(
  'a key that does not read back from its new place stays in the old one, and so does the config: %s',
  async (_, reference, home, to) => {
    const folder = await tempFolder()
    const env = cleanEnv(folder)
    const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
    await put('a.key', `${KEY}\n`)
    await put('config.yaml', CONFIG(reference))
    const loaded = await loadConfig({ file: join(folder, 'config.yaml'), env, cwd: folder })
    const change = await findKeyChange(loaded, 'one', folder)
    const value = new Secret(KEY)
    const plan = await planStoreKey(
      { slot: change.slot, value, method: to as StoreMethod, isMoved: true },
      change.place,
    )
    const old = await planForgetOld({ ...change, cwd: folder, env }, plan)
    const out = new PassThrough().resume()
    const streams = { stdin: {}, stdout: out, stderr: out }
    const terminal = new Terminal({ ...streams, env, redact: text => text })
    const options = { terminal, env, cwd: folder, dryRun: false, yes: true, prompt: { allowed: false } }
    const move = {
      config: loaded.path,
      folder,
      dotenv: loaded.dotenv,
      value,
      keyPlace: 'one' as KeyPlace,
      noteMoving: async () => true,
      keyNow: async () => value,
      requireReadsBack: () => Promise.reject(new AgwError('SECRET_UNREADABLE', 'it does not read back')),
    }
    await expect(moveKey(plan, old, move, options as unknown as WriteFilesOptions)).rejects.toThrow(
      /it does not read back; config\.yaml(?: is as it was| and agw\.yaml are as they were), and a copy of the key is in (?:\.env|encrypted secrets\.age)/,
    )
    expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(CONFIG(reference))
    expect(await readFile(join(folder, home), 'utf8')).toContain(KEY)
    expect(existsSync(join(folder, 'agw.yaml'))).toBe(false)
  },
)
