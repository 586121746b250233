import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checked } from '../cli/report/checked.ts'
import { cleanEnv, ROOT, tempFolder } from '../helpers/agw.ts'
import { expectKnownFlags, manifest } from '../helpers/known-flags.ts'
import { GOOD } from '../helpers/validate.ts'

const read = (name: string): Promise<string> => readFile(join(ROOT, name), 'utf8')
interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>
  readonly runs: {
    readonly using: string
    readonly steps: readonly {
      readonly uses?: string
      readonly shell?: string
      readonly run?: string
      readonly env?: Readonly<Record<string, string>>
    }[]
  }
}

describe('the GitHub action', async () => {
  const action = parse(await read('action.yml')) as Action
  const last = action.runs.steps.at(-1)
  const script = last?.run ?? ''

  it('is composite, and puts no input into a script', () => {
    expect(action.runs.using).toBe('composite')
    for (const step of action.runs.steps) {
      expect(step.uses !== undefined || step.shell === 'bash').toBe(true)
      expect(step.run ?? '').not.toContain('${{')
    }
    const used = [...JSON.stringify(last?.env).matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name)
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(used))
  })

  it('uses flags there are', () => {
    const flags = [...script.matchAll(/--([a-z-]+)/g)].map(([, flag = '']) => flag)
    expect(flags).toEqual(expect.arrayContaining(['format', 'strict', 'no-secrets']))
    expect(Object.keys(manifest.commands['validate']?.flags ?? {})).toEqual(expect.arrayContaining(flags))
  })

  const run = async (env: Record<string, string>): Promise<{ status: number; stdout: string }> => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'conf/deep'), { recursive: true })
    await writeFile(join(folder, 'config.yaml'), GOOD)
    await writeFile(join(folder, 'conf/deep/b.yaml'), 'bindz: []\n')
    await writeFile(join(folder, 'warned.yaml'), `config: { adminAddr: "0.0.0.0:15000" }\n${GOOD}`)
    await writeFile(
      join(folder, 'keys.yaml'),
      'llm: { models: [{ name: "*", provider: openAI, params: { apiKey: $NOT_SET_KEY } }] }\n',
    )
    const given = {
      FILES: 'config.yaml',
      STRICT: 'false',
      SECRETS: 'false',
      ACTION: ROOT,
      ...env,
    }
    return promisify(execFile)('bash', ['-e', '-c', script], {
      cwd: folder,
      env: cleanEnv(folder, given),
    })
      .then(({ stdout }) => ({ status: 0, stdout }))
      .catch((error: { code: number; stdout: string }) => ({ status: error.code, stdout: error.stdout }))
  }

  it.skipIf(process.platform === 'win32').each<[Record<string, string>, number, RegExp]>([
    [{}, 0, /agw validate: no findings/],
    [{ FILES: 'config.yaml\nconf/**/*.yaml' }, 1, /^::error file=conf\/deep\/b\.yaml,line=1/],
    // Each word is a file that is not there, and no more than that.
    [
      { FILES: 'config.yaml; touch evil $(touch evil)' },
      2,
      /^::error file=config\.yaml;,line=1(?:.|\n)*file=evil\),/,
    ],
    [{ FILES: 'warned.yaml' }, 0, /^::warning file=warned\.yaml/],
    [{ FILES: 'warned.yaml', STRICT: 'true' }, 1, /^::(?:error|warning) file=warned\.yaml/],
    [{ FILES: 'keys.yaml' }, 0, /^(?!::error)/],
    [{ FILES: 'keys.yaml', SECRETS: 'true' }, 1, /^::error file=keys\.yaml.*NOT_SET_KEY/],
  ])('runs with %j', async (env, status, output) => {
    expect(await run(env)).toEqual({ status, stdout: expect.stringMatching(output) })
  })
})

describe('the pre-commit hook', async () => {
  const [hook] = parse(await read('.pre-commit-hooks.yaml')) as [
    Record<string, string> & { readonly args: string[] },
  ]

  it('calls agw as it is', () => {
    expect(hook).toMatchObject({ id: 'agw-validate', language: 'node' })
    expectKnownFlags(`${hook['entry']} ${hook.args.join(' ')}`, 1)
  })

  it.each([
    ['config.yaml', true],
    ['a/b/config.yml', true],
    ['myconfig.yaml', false],
    ['config.yaml.bak', false],
  ])('takes %s: %s', (name, taken) => {
    expect(new RegExp(hook['files'] ?? '').test(name)).toBe(taken)
  })

  it.each([
    ['conf/agw.yaml', true],
    ['kubernetes.yaml', true],
    ['conf/kubernetes-secret.yaml', true],
    ['conf/config.yaml', false],
    ['conf/my-agw.yaml', false],
  ])('leaves %s out where it would be taken: %s', (name, left) => {
    expect(new RegExp(hook['exclude'] ?? '').test(name)).toBe(left)
  })

  it('finds a built program after an installation from git', async () => {
    const { scripts } = JSON.parse(await read('package.json'))
    expect(scripts.prepare).toBe('node scripts/prepare.js')
  })
})

describe('docs/ci.md', async () => {
  const page = await read('docs/ci.md')
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
    language,
    text,
  }))
  const yaml = blocks.filter(block => block.language === 'yaml').map(block => block.text)

  it('uses commands and flags there are', () => {
    expectKnownFlags(page, 7)
  })

  it('has YAML that can be read', () => {
    expect(yaml.length).toBeGreaterThan(4)
    for (const text of yaml) expect(() => parse(text), text).not.toThrow()
  })

  it('gives the action inputs there are, with their defaults', async () => {
    const { inputs } = parse(await read('action.yml')) as Action
    const rows = [...page.matchAll(/^\| `([\w-]+)` +\| .* \| (.*?) +\|$/gm)].map(
      ([, name = '', standard = '']) => [name, standard.startsWith('`') ? standard.slice(1, -1) : ''],
    )
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default])),
    )
    const used = yaml.map(text => parse(text)).flatMap(workflow => workflow?.jobs?.validate?.steps ?? [])
    const withs = used.filter(step => /\/agw@/.test(step.uses)).flatMap(step => Object.keys(step.with))
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(withs))
  })

  it('has configs that are right', () => {
    const configs = yaml.filter(text => /^llm:/m.test(text))
    expect(configs).toHaveLength(2)
    for (const text of configs) {
      const { diagnostics, suppressed } = checked(text, 'config.yaml', { LOCAL_API_KEY: 'example' })
      expect(diagnostics.map(one => one.code)).toEqual([])
      expect(suppressed).toHaveLength(text.includes('agw-ignore') ? 1 : 0)
    }
  })
})
