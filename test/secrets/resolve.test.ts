import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readDocument } from '../../src/config/read.ts'
import { keySlots } from '../../src/config/slots.ts'
import { validate } from '../../src/config/validate.ts'
import { AgwError } from '../../src/errors.ts'
import { resolveSecrets, resolveSlots } from '../../src/secrets/resolve.ts'
import { tempFolders } from './folders.ts'

const folder = tempFolders()

function configOf(text: string, env: Record<string, string> = {}) {
  const document = readDocument(text, { file: 'config.yaml', lookup: name => env[name] })
  const { config, diagnostics } = validate(document)
  if (config === undefined) throw new Error(diagnostics.map(one => one.message).join('\n'))
  return { config, slots: keySlots(config, document) }
}

/** One config with a key in a file at every place that takes one. */
const EVERYWHERE = `
binds:
- port: 3000
  listeners:
  - routes:
    - backends:
      - ai: {name: short, provider: {openAI: {}}}
      policies: {backendAuth: {key: {file: short.key}}}
    - backends:
      - ai:
          name: long
          provider: {openAI: {}}
          policies:
            backendAuth:
              key: {value: {file: long.key}, location: {header: {name: api-key}}}
              credentials:
              - {location: {header: {name: x-extra}}, key: {file: extra.key}}
llm:
  providers:
  - {name: shared, provider: openAI, defaults: {auth: {key: {file: defaults.key}}}}
  models:
  - {name: params, provider: openAI, params: {apiKey: {file: params.key}}}
  - {name: auth, provider: openAI, auth: {key: {file: auth.key}}}
`
const NAMES = ['short', 'long', 'extra', 'defaults', 'params', 'auth']

function valueAt(tree: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<string | number, unknown>)[step], tree)
}

async function failure(action: Promise<unknown>): Promise<AgwError> {
  const error = await action.catch((caught: unknown) => caught)
  if (!(error instanceof AgwError)) throw new Error('there was no AgwError', { cause: error })
  expect(error.exitCode).toBe(4)
  return error
}

describe('resolveSecrets', () => {
  test('every place that takes a key file gets its Secret, and nothing else is touched', async () => {
    const cwd = folder()
    for (const name of NAMES) writeFileSync(join(cwd, `${name}.key`), `sk-${name}\n`, { mode: 0o600 })
    const { config, slots } = configOf(EVERYWHERE)
    const before = inspect(config, { depth: null })
    const { config: resolved, resolved: found } = await resolveSecrets(config, { slots, cwd, configDir: cwd })
    expect(found.map(one => one.secret?.reveal()).sort()).toEqual(NAMES.map(name => `sk-${name}`).sort())
    for (const { slot, secret } of found) expect(valueAt(resolved, slot.path)).toBe(secret)
    expect(inspect(config, { depth: null })).toBe(before)
    expect(inspect(resolved, { depth: null })).not.toContain('file:')
    const first = found.find(one => one.slot.name === 'short')
    expect(first).toMatchObject({ file: join(cwd, 'short.key'), facts: { kind: 'plain' } })
    expect(String(first?.secret)).toBe('<secret file short.key>')
  })

  test('inline and environment keys stay, trimmed as agentgateway trims them; parts without keys are shared', async () => {
    const { config, slots } = configOf(
      `
binds:
- port: 3000
  listeners:
  - routes:
    - backends: [{ai: {name: a, provider: {openAI: {}}}}]
      policies: {backendAuth: {key: "$KEY"}}
    - backends: [{ai: {name: b, provider: {openAI: {}}}}]
      policies: {backendAuth: {passthrough: {}}}
`,
      { KEY: ' sk-env ' },
    )
    const { config: resolved, resolved: found } = await resolveSecrets(config, {
      slots,
      cwd: '/',
      configDir: '/',
    })
    expect(found.map(one => one.secret?.reveal())).toEqual(['sk-env', undefined])
    const routes = (tree: typeof config) => tree.binds?.[0]?.listeners?.[0]?.routes
    expect(valueAt(resolved, slots[0]?.path ?? [])).toBe(found[0]?.secret)
    expect(routes(resolved)?.[1]).toBe(routes(config)?.[1])
  })

  test('a config without key files is given back as it is', async () => {
    const { config, slots } = configOf(
      'llm:\n  models:\n  - {name: "*", provider: openAI, params: {apiKey: sk-inline}}\n',
    )
    const { config: resolved } = await resolveSecrets(config, { slots, cwd: '/', configDir: '/' })
    expect(resolved).toEqual(config)
  })

  test('all that is missing is told at once', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'short.key'), '')
    writeFileSync(join(cwd, 'long.key'), 'sk-long', { mode: 0o600 })
    const { config, slots } = configOf(EVERYWHERE)
    const error = await failure(resolveSecrets(config, { slots, cwd, configDir: cwd }))
    expect(error.code).toBe('SECRET_MISSING')
    expect(error.message).toMatch(/^5 keys do not resolve:\n {2}\w/)
    for (const name of NAMES.filter(one => one !== 'long')) expect(error.message).toContain(`${name}.key`)
    expect(error.message).not.toContain('long.key')
    expect(error.diagnostics).toHaveLength(5)
    expect(error.message).toContain(
      '\n  short (binds[0].listeners[0].routes[0].policies.backendAuth.key): short.key is empty',
    )
    expect(error.diagnostics).toContainEqual({
      name: 'short',
      path: 'binds[0].listeners[0].routes[0].policies.backendAuth.key',
      code: 'empty',
      message: 'short.key is empty',
      hint: expect.any(String),
    })
  })

  test('a file that lies beside the config and not in the working directory', async () => {
    const [cwd, configDir] = [folder(), folder()]
    writeFileSync(join(configDir, 'k'), 'sk-canary', { mode: 0o600 })
    const { config, slots } = configOf(
      'llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: {file: ./k}}}\n',
    )
    const error = await failure(resolveSecrets(config, { slots, cwd, configDir }))
    expect(error.code).toBe('SECRET_MISSING')
    expect(error.message).toBe(
      `m (llm.models[0].params.apiKey): ./k is not in the working directory ${cwd}, but beside the config: ${join(configDir, 'k')}`,
    )
    expect(error.hint).toContain(`run it in ${configDir}`)
    const there = await resolveSecrets(config, { slots, cwd: configDir, configDir })
    expect(there.resolved[0]?.secret?.reveal()).toBe('sk-canary')
  })

  const broken: [what: string, content: string | Buffer | undefined, code: string, message: RegExp][] = [
    ['missing', undefined, 'SECRET_MISSING', /key\.txt does not exist/],
    ['white space', ' \n', 'SECRET_MISSING', /key\.txt is empty/],
    ['not text', Buffer.from([0xff, 0xff]), 'SECRET_UNREADABLE', /not text in UTF-8/],
    ['a whole book', 'x'.repeat(70_000), 'SECRET_UNREADABLE', /larger than 64 KiB/],
    [
      'two lines',
      'sk-canary\nsk-canary',
      'SECRET_REJECTED',
      /holds a line break that no HTTP header can carry \(file key\.txt\)/,
    ],
    ['an invisible character', 'sk-canary\u200b', 'SECRET_REJECTED', /holds a character that no HTTP header/],
  ]
  test.each(broken)('a key file with %s', async (_, content, code, message) => {
    const cwd = folder()
    if (content !== undefined) writeFileSync(join(cwd, 'key.txt'), content, { mode: 0o600 })
    const { config, slots } = configOf(
      'llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: {file: key.txt}}}\n',
    )
    const error = await failure(resolveSecrets(config, { slots, cwd, configDir: cwd }))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.any(String) })
    expect(JSON.stringify([error.message, error.hint, error.diagnostics])).not.toContain('canary')
  })

  test('an empty variable is told by its name', async () => {
    const { config, slots } = configOf(
      'llm:\n  models:\n  - {name: m, provider: openAI, params: {apiKey: "$EMPTY"}}\n',
      { EMPTY: '' },
    )
    const error = await failure(resolveSecrets(config, { slots, cwd: '/', configDir: '/' }))
    expect(error).toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringMatching(/the key is empty \(\$EMPTY\)/),
    })
  })

  test('five thousand slots of one list are put in without copying the list each time', async () => {
    const models = Array.from({ length: 5000 }, (_, index) => ({
      params: { apiKey: { file: 'k' } },
      name: `${index}`,
    }))
    const cwd = folder()
    writeFileSync(join(cwd, 'k'), 'sk-one', { mode: 0o600 })
    const slots = models.map((model, index) => ({
      name: model.name,
      path: ['llm', 'models', index, 'params', 'apiKey'],
      provider: 'openAI',
      backend: undefined,
      isOwnHost: false,
      method: 'file' as const,
      variable: undefined,
      file: 'k',
      value: model.params.apiKey,
    }))
    const config = { llm: { models } } as unknown as Parameters<typeof resolveSecrets>[0]
    // Whoever copies a list goes through all of it.
    let walks = 0
    const walk = Array.prototype[Symbol.iterator]
    const restore = (): void => {
      Array.prototype[Symbol.iterator] = walk
    }
    onTestFinished(restore)
    Array.prototype[Symbol.iterator] = function (this: unknown[]) {
      if (this.length === models.length) walks += 1
      return walk.call(this)
    }
    const { resolved } = await resolveSecrets(config, { slots, cwd, configDir: cwd })
    restore()
    expect(walks).toBeLessThan(20)
    expect(resolved.every(one => one.secret === resolved[0]?.secret)).toBe(true)
  })
})

test('resolveSlots tells each slot by itself', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'short.key'), 'sk-short', { mode: 0o600 })
  const { slots } = configOf(EVERYWHERE)
  const found = await resolveSlots({ slots, cwd, configDir: cwd })
  const codes = found.map(one => [one.slot.file, 'problem' in one ? one.problem.code : String(one.secret)])
  expect(Object.fromEntries(codes)).toEqual({
    ...Object.fromEntries(NAMES.map(name => [`${name}.key`, 'missing'])),
    'short.key': '<secret file short.key>',
  })
})

test('the key of a variable is shown as that variable', async () => {
  const text = 'llm: {models: [{name: a, provider: openAI, params: {apiKey: $OPENAI_API_KEY}}]}'
  const { config, slots } = configOf(text, { OPENAI_API_KEY: 'sk-canary' })
  const cwd = folder()
  const { config: shown } = await resolveSecrets(config, { slots, cwd, configDir: cwd })
  expect(JSON.stringify(shown)).toContain('<secret $OPENAI_API_KEY>')
})
