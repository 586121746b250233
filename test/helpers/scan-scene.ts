import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect } from 'vitest'
import { agw, tempFolder } from './agw.ts'
import { GUIDE } from './guide.ts'
import { keyLike } from './keys.ts'

/** The key in use, and one that has leaked; no command may print them. */
export const OWN = 'a-self-hosted-token/42'
export const OPENAI = keyLike('openai', 'leak')

export const MANIFEST = 'kubernetes-secret.yaml'
/** Longer than what is searched in one go. */
export const LONG = 'abcdefg\n'.repeat(750_000)
export const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')
export const keyFile = (name: string): string =>
  `llm:\n  models:\n  - { name: gpt-5, provider: openAI, params: { apiKey: { file: ${name} } } }\n`

interface Finding {
  readonly code: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly commit: string | null
}

interface Scan {
  readonly status: number | null
  readonly findings: readonly Finding[]
  readonly gaps: readonly string[]
  readonly complete: boolean
  readonly text: string
}

/** A folder with a config whose key is in `.env`, made anew before each test. */
export class ScanScene {
  folder = ''

  constructor() {
    beforeEach(async () => {
      this.folder = await tempFolder()
      await this.put('config.yaml', GUIDE.env)
      await this.put('.env', `OPENAI_API_KEY=${OWN}\n`, 0o600)
    })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  put(name: string, content: string | Buffer, mode?: number): Promise<void> {
    return writeFile(this.path(name), content, { mode })
  }

  /** What agw writes for kubectl. */
  async putManifest(where: string, key: string): Promise<string> {
    const name = join(where, MANIFEST)
    await this.put(name, `data:\n  Authorization: ${Buffer.from(key).toString('base64')}\n`)
    return this.path(name)
  }

  git(...args: string[]): string {
    return execFileSync('git', ['-C', this.folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: this.folder, GIT_CONFIG_NOSYSTEM: '1' },
    })
  }

  async scan(...args: string[]): Promise<Scan> {
    const run = await agw(['keys', 'scan', '--json', ...args], { cwd: this.folder })
    expect(run.stdout + run.stderr).not.toContain(OWN)
    expect(run.stdout + run.stderr).not.toContain(OPENAI.slice(10, 40))
    const { findings = [], gaps = [], complete = false } = JSON.parse(run.stdout)
    return { status: run.status, findings, gaps, complete, text: run.stdout }
  }
}
