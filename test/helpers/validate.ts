import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach } from 'vitest'
import { agw, type Run, tempFolder } from './agw.ts'
import { keyLike } from './keys.ts'

/** `agw validate` in a folder of its own for each test, with files that the test puts there. */
export let folder: string

/** Called by a file whose tests use the folder. */
export function useFolder(): void {
  beforeEach(async () => {
    folder = await tempFolder()
  })
}

export const put = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}
export const validate = (
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Run> => agw(['validate', ...args], { cwd: folder, env, input })
export const KEY = keyLike('openai', 'validate')

export const GOOD = 'llm: { models: [{ name: a, provider: ollama }] }\n'
export const BAD = 'bindz: []\n'
/** One warning: a deprecated or doubtful place would do as well. */
export const DOUBTFUL = `llm:
  models:
  - name: gpt-5
    provider: openAI
    params: { apiKey: "$OPENAI_API_KEY" }
  policies:
    apiKey:
      mode: strict
      keys:
      - key: a-client-key-of-alice
`
/** Sound, and only the real binary runs it. */
export const NOT_HERE = 'mcp:\n  targets:\n  - name: my-tools\n    stdio: {cmd: my-tools}\n'
export const ENV = { OPENAI_API_KEY: KEY }

/** What `validate --json` prints. */
export interface Json {
  readonly files: readonly {
    readonly file: string
    readonly valid: boolean
    readonly diagnostics: readonly { readonly code: string; readonly line: number }[]
  }[]
  readonly summary: Readonly<Record<string, number>>
}
export const json = (run: Run): Json => JSON.parse(run.stdout) as Json
