import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from '@oclif/core'
import { describe, expect, it } from 'vitest'
import { agw, ROOT, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'

interface Flag {
  readonly name: string
  readonly env?: string
  readonly multiple?: boolean
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, { flags: Record<string, Flag> }>
}
const flags = Object.entries(manifest.commands).flatMap(([id, command]) =>
  Object.values(command.flags).map(flag => [id.replaceAll(':', ' '), flag.name, flag.env] as const),
)

const ROUTE_BY_HEADERS = `
binds:
- port: 3000
  listeners:
  - routes:
    - name: right
      matches: [{path: {exact: /right}, headers: [{name: x, value: {exact: y}}, {name: z, value: {exact: w}}]}]
      backends: [{host: "a.test:80"}]
`

/** Read by agw itself, because the library would take them for typed. */
const READ_BY_AGW: Readonly<Record<string, string>> = { json: 'AGW_JSON', file: 'AGW_CONFIG' }

describe('every flag has an environment variable', () => {
  it.each(flags)('%s --%s', (_, name, env) => {
    expect(env ?? READ_BY_AGW[name]).toMatch(/^AGW_[A-Z_]+$/)
  })

  it('AGW_JSON and AGW_CONFIG work like --json and --file', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'other.yaml'), GUIDE.inline)
    const env = { AGW_JSON: '1', AGW_CONFIG: 'other.yaml' }
    const listed = await agw(['keys', 'list'], { cwd: folder, env })
    expect(JSON.parse(listed.stdout)).toMatchObject({ keys: [{ name: 'openai', method: 'inline' }] })
    const failed = await agw(['keys', 'list', '--nope'], { cwd: folder, env })
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'USAGE', exitCode: 2 } })
    const unknown = await agw(['nope'], { cwd: folder, env })
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'UNKNOWN_COMMAND' } })
  })

  it('a repeatable flag takes several values from its variable', async () => {
    const folder = await tempFolder()
    const env = {
      AGW_PROVIDER: 'openai,anthropic',
      AGW_KEY_VARIABLE: 'ONE,TWO',
      AGW_METHOD: 'env',
      AGW_YES: '1',
    }
    const written = await agw(['init'], { cwd: folder, env })
    expect(written.status, written.stderr).toBe(0)
    expect(readFileSync(join(folder, 'config.yaml'), 'utf8')).toMatch(/"\$ONE"[\s\S]*"\$TWO"/)
    const headers = { AGW_REQUEST_HEADER: 'x-a: 1, 2\nx-b: 3' }
    const asked = await agw(['test-route', '--mock', '--json'], {
      cwd: folder,
      env: { ...headers, ONE: 'sk-one', TWO: 'sk-two' },
    })
    expect(asked.status, asked.stdout).toBe(0)
  })
})

/** Each question in the source names its flag first. */
describe('a repeatable flag takes one word each time, and leaves the arguments of the command alone', () => {
  const repeatable = Object.entries(manifest.commands).flatMap(([id, command]) =>
    Object.values(command.flags).flatMap(({ name, multiple }) => (multiple === true ? [[id, name]] : [])),
  ) as [string, string][]

  it.each(repeatable)('%s --%s', async (id, name) => {
    const file = `../../src/commands/${id.replaceAll(':', '/')}.ts`
    const { default: command } = (await import(file)) as { default: typeof Command }
    expect({ ...command.baseFlags, ...command.flags }[name]).toMatchObject({ multipleNonGreedy: true })
  })

  it('as in test-route -H HEADER -H HEADER PATH, with its short form, = and variables', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'config.yaml'), ROUTE_BY_HEADERS)
    for (const headers of [
      ['-H', 'x: y', '-H', 'z: w'],
      ['-Hx: y', '--header=z: w'],
    ]) {
      for (const typed of [
        [...headers, '/right'],
        ['/right', ...headers],
      ]) {
        const { status, stdout } = await agw(['test-route', '--explain', '--json', ...typed], { cwd: folder })
        expect(status, stdout).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ matched: { route: 'default/right' } })
      }
    }
    const stray = await agw(['init', '--provider', 'openai', 'anthropic'], { cwd: folder })
    expect(stray).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('→ for several values give --provider again before each'),
    })
  })
})

describe('every question has a flag, or an argument', () => {
  const names = new Set([...flags.map(([, name]) => `--${name}`), 'NAME'])
  const asked = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .flatMap(name => {
      const text = readFileSync(join(ROOT, 'src', name), 'utf8')
      const questions = [
        ...text.matchAll(/(?:prompt\.(?:select|input|confirm|secret)|await ask)\(\s*([^,]+?),/g),
      ]
      return questions.map(([, first = '']) => [name, first] as const)
    })
    // In between stands a function that hands its own flag on.
    .filter(([, first]) => first !== 'flag' && first.startsWith("'"))

  it('finds the questions', () => {
    expect(asked.length).toBeGreaterThan(5)
  })

  it.each(asked)('%s asks for %s', (_, first) => {
    const named = first.match(/--[a-z-]+|(?<=^')[A-Z]+(?='$)/g) ?? []
    expect(named).not.toEqual([])
    for (const name of named) expect(names).toContain(name)
  })
})
