import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, noTerminal, unless } from '../helpers/needs.ts'
import { talk as talkIn } from '../helpers/talk.ts'

const KEY = keyLike('openai', 'questions')
const ESCAPE = '\u001b'
const missing = noTerminal ?? noGit

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  if (noGit === undefined) spawnSync('git', ['init', '-q'], { cwd: folder, env: cleanEnv(folder) })
})
const names = async () => (await readdir(folder)).filter(name => name !== '.git').sort()

const talk = (...[args, ...more]: Rest): ReturnType<typeof talkIn> => talkIn(folder, args, ...more)
type Rest = Parameters<typeof talkIn> extends [string, ...infer R] ? R : never

describe.skipIf(missing !== undefined)(`the questions of init${unless(missing)}`, () => {
  const upToTheKey: [RegExp, string][] = [
    [/Which provider\?[\s\S]*Anthropic/, '\r'],
    [/handed over\?[\s\S]*Kubernetes/, '\u001b[B\r'],
    [/OpenAI key/, `${KEY}\r`],
  ]

  it('are asked again after an answer that does not fit', async () => {
    const { status, screen } = await talk(
      ['init', '--provider', 'openai-compatible', '--method', 'file', '--model', 'm'],
      [
        [/base URL/, 'llm.example.com\r'],
        [/not an address/, '\u0015http://127.0.0.1:9/v1\r'],
        [/hidden/, 'two words here\r'],
        [/white space/, `${KEY} \r`],
        [/Write this\?/, 'perhaps\r'],
        [/must answer/, 'n\r'],
      ],
    )
    expect(screen).toContain('nothing was written')
    expect(status, screen).toBe(1)
    expect(await names()).toEqual([])
  })

  it('lead to the same files as the flags, and show no key', async () => {
    const { status, screen } = await talk(
      ['init'],
      [...upToTheKey, [/Write this\?/, '\r'], [/to \.gitignore\?/, '\r']],
    )
    expect(status, screen).toBe(0)
    expect(await names()).toEqual(['.gitignore', 'config.yaml', 'openai.key'])
    expect(await readFile(join(folder, 'openai.key'), 'utf8')).toBe(`${KEY}\n`)
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toContain('/openai.key\n')
    expect(screen).toContain('agw init --provider openai --method file --key-from-stdin --yes')
    expect(screen).not.toContain(KEY)
    expect(screen).not.toContain(KEY.slice(0, 20))
  })

  it('break no word where the terminal is narrow, and say how a long list is searched', async () => {
    const { screen } = await talk(
      ['init'],
      [
        [/Which provider\?[\s\S]*find one of \d+/, 'groq\r'],
        [/Groq[\s\S]*handed over\?[\s\S]*a config\s+for a pod/, '\r'],
        [/Groq key/, '\u0003'],
      ],
      'xterm',
      undefined,
      50,
    )
    // Where the cursor moves, what follows is drawn over another line.
    const drawn = screen.replace(new RegExp(`${ESCAPE}\\[\\d*[A-K]`, 'g'), '\n')
    const lines = stripVTControlCharacters(drawn)
      .split('\n')
      .map(line => line.trimEnd())
    expect(lines.filter(line => line.length > 50)).toEqual([])
    expect(lines).toContain('❯ environment variable: the config names it, .env')
    expect(lines).toContain('  or the shell holds it')
    expect(lines).toContain('✔ Which provider? Groq')
    expect(lines).toContain('✔ How is the key handed over? environment variable')
    expect(lines.find(line => line.startsWith('? Groq key'))).toBe(
      '? Groq key (hidden; empty to store it later)',
    )
  })

  it.each([
    ['the first', []],
    ['the key', upToTheKey.slice(0, 2)],
    ['writing', upToTheKey],
    ['.gitignore', [...upToTheKey, [/Write this\?/, '\r']] as [RegExp, string][]],
  ])('may be broken off, and nothing is written: %s', async (_, answers) => {
    const all = [/Which provider\?/, /handed over\?/, /OpenAI key/, /Write this\?/, /to \.gitignore\?/]
    const { status, screen } = await talk(['init'], [...answers, [all[answers.length] ?? /^$/, '\u0003']])
    expect(status, screen).toBe(130)
    expect(screen).toContain('nothing was written')
    expect(await names()).toEqual([])
  })
})

describe.skipIf(missing !== undefined)(`a key in the config${unless(missing)}`, () => {
  it('is asked for by init, and not for later', async () => {
    const { screen } = await talk(
      ['init', '--provider', 'openai', '--method', 'inline'],
      [
        [/key \(hidden\)/, '\r'],
        [/the key is empty/, '\u0003'],
      ],
    )
    expect(screen).not.toContain('later')
  })

  it('that git has is warned of before the question, and Enter is a no', async () => {
    const git = (...args: string[]) => spawnSync('git', args, { cwd: folder, env: cleanEnv(folder) })
    const config =
      'llm:\n  models:\n    - { name: "*", provider: openAI, params: { apiKey: $OPENAI_API_KEY } }\n'
    await writeFile(join(folder, 'config.yaml'), config)
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
    git('add', 'config.yaml')
    for (const [args, question, answers] of [
      [['keys', 'move', 'openai', '--to', 'inline'], 'Move it?', []],
      [['keys', 'set', 'openai', '--method', 'inline'], 'Write this?', [[/hidden/, `${KEY}\r`]]],
      [
        ['init', '--force', '--provider', 'openai', '--method', 'inline'],
        'Write this?',
        [[/hidden/, `${KEY}\r`]],
      ],
    ] as [string[], string, [RegExp, string][]][]) {
      const { status, screen } = await talk(args, [
        ...answers,
        [new RegExp(question.replace('?', '\\?')), '\r'],
      ])
      const [before = ''] = screen.split(question)
      expect(before).toMatch(/config\.yaml is tracked by git/)
      expect(before).toMatch(/in clear text[\s\S]*`agw keys move openai --to file`/)
      expect([status, screen]).toEqual([1, expect.stringContaining('nothing was written')])
      expect(await readFile(join(folder, 'config.yaml'), 'utf8')).toBe(config)
    }
  })

  // A key that is typed where a pipe was meant would stand on the screen. The command that init prints has that flag.
  it.each([
    [
      'init',
      ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes'],
      [/OpenAI key/],
    ],
    [
      'init for two providers',
      [
        'init',
        '--provider',
        'openai',
        '--provider',
        'anthropic',
        '--method',
        'env',
        '--key-from-stdin',
        '--yes',
      ],
      [/OpenAI key/, /Anthropic key/],
    ],
    ['keys set', ['keys', 'set', 'openai', '--from-file', '-', '--yes'], [/New key for openai/]],
  ] as [string, string[], RegExp[]][])(
    'that is to come by a pipe is asked for at a terminal: %s',
    async (_, args, asks) => {
      if (args[0] === 'keys') await writeFile(join(folder, 'config.yaml'), GUIDE.env)
      const { status, screen } = await talk(
        args,
        asks.map((question): [RegExp, string] => [question, `${KEY}\r`]),
      )
      expect(status, screen).toBe(0)
      expect(screen).not.toContain(KEY)
      expect(await readFile(join(folder, '.env'), 'utf8')).toContain(`OPENAI_API_KEY=${KEY}\n`)
    },
  )

  it.each([
    ['init', '--provider', 'openai', '--method', 'env', '--key-from-stdin', '--yes', '--no-input'],
    ['keys', 'set', 'openai', '--from-file', '-', '--no-input'],
  ])(
    'that is to come by a pipe is not waited for at a terminal where nobody is asked: %s %s',
    async (...args) => {
      await writeFile(join(folder, 'config.yaml'), GUIDE.env)
      const { status, screen } = await talk([...args, ...(args[0] === 'init' ? ['--force'] : [])], [])
      expect([status, screen]).toEqual([
        2,
        expect.stringMatching(/standard input is a terminal[\s\S]*→ pipe it in/),
      ])
      expect(await names()).toEqual(['config.yaml'])
    },
  )

  it('is not taken from what was typed before the question', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    const early = keyLike('openai', 'typed early')
    const { status, screen } = await talk(
      ['keys', 'set', 'openai'],
      [
        [/typed before this question was not taken/, `${KEY}\r`],
        [/Write this\?/, '\r'],
        [/to \.gitignore\?/, '\r'],
      ],
      'xterm',
      `${early}\r`,
    )
    expect(status, screen).toBe(0)
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(`OPENAI_API_KEY=${KEY}\n`)
  })

  it('that is doubtful is written by init and by keys set after a yes alone: Enter is a no', async () => {
    const short: [RegExp, string][] = [
      [/key[^\n]*\(hidden/, 'short\r'],
      [/shorter than 16 characters[\s\S]*Write this\?/, '\r'],
    ]
    for (const args of [
      ['init', '--provider', 'openai', '--method', 'env'],
      ['keys', 'set', 'openai'],
    ]) {
      if (args[0] === 'keys') await writeFile(join(folder, 'config.yaml'), GUIDE.env)
      const { status, screen } = await talk(args, short)
      expect([status, screen]).toEqual([1, expect.stringContaining('nothing was written')])
    }
    expect(await names()).toEqual(['config.yaml'])
  })

  it('that is doubtful, and of which no provider could say anything, needs a yes: Enter is a no', async () => {
    await writeFile(join(folder, 'config.yaml'), GUIDE.env)
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\n`, { mode: 0o600 })
    const { status, screen } = await talk(
      ['keys', 'rotate', 'openai', '--connect-to', 'api.openai.com:443:127.0.0.1:1'],
      [
        [/New key for openai/, 'short\r'],
        [/shorter than 16 characters[\s\S]*Take this key all the same\?/, '\r'],
      ],
    )
    expect([status, screen]).toEqual([1, expect.stringContaining('nothing was changed')])
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(`OPENAI_API_KEY=${KEY}\n`)
  })

  it('a terminal that can ask nothing says so', async () => {
    const { status, screen } = await talk(['init'], [], 'dumb')
    expect([status, screen]).toEqual([2, expect.stringContaining('nobody can be asked (TERM is dumb')])
  })
})

describe.skipIf(noGit !== undefined)(`in a git repository${unless(noGit)}`, () => {
  it('a key is kept out of git by init and by keys set', async () => {
    const init = await agw(
      ['init', '--provider', 'openai', '--method', 'file', '--key-from-stdin', '--yes'],
      {
        cwd: folder,
        input: KEY,
      },
    )
    expect(init.stderr).toContain('added openai.key to .gitignore')
    const set = await agw(['keys', 'set', 'openai', '--method', 'env', '--yes'], { cwd: folder, input: KEY })
    expect(set.stderr).toContain('added .env to .gitignore')
    const status = spawnSync('git', ['status', '--short', '--untracked-files=all'], {
      cwd: folder,
      encoding: 'utf8',
    })
    // HOME is the same folder here, and holds what agw remembers of keys: no value.
    const seen = status.stdout.split('\n').filter(line => line !== '' && !line.includes('.local/'))
    expect(seen).toEqual(['?? .gitignore', '?? config.yaml'])
  })
})
