import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { noGit, unless } from '../helpers/needs.ts'
import { keyFile, LONG, MANIFEST, OPENAI, ScanScene, utf16 } from '../helpers/scan-scene.ts'

const scene = new ScanScene()

describe.skipIf(noGit !== undefined)(`git history${unless(noGit)}`, () => {
  beforeEach(() => {
    scene.git('init', '-q')
    scene.git('commit', '-q', '--allow-empty', '-m', 'start')
  })

  async function commit(name: string, text: string, message = 'change'): Promise<string> {
    await scene.put(name, text)
    scene.git('add', '-f', name)
    scene.git('commit', '-q', '-m', message)
    return scene.git('rev-parse', '--short', 'HEAD').trim()
  }

  it('finds a key in a file that is gone, with the commit that brought it in', async () => {
    const at = await commit('old.txt', `a\n  ${OPENAI}\n`)
    await commit('old.txt', `a\n  ${OPENAI}\nb\n`)
    scene.git('rm', '-q', 'old.txt')
    scene.git('commit', '-q', '-m', 'gone')
    const { status, findings } = await scene.scan()
    expect(status).toBe(1)
    expect(findings).toMatchObject([
      { file: 'old.txt', line: 2, column: 3, commit: expect.stringMatching(`^${at} \\d{4}-`) },
    ])
    expect((await scene.scan('--no-history')).findings).toEqual([])
  })

  it('counts a key once that stands in a file and in what git has kept of it, with both places', async () => {
    await commit('old.txt', `a\n  ${OPENAI}\n`)
    await commit('other.txt', `${OPENAI}\n${keyLike('openai', 'other')}\n`)
    const { status, stdout } = await agw(['keys', 'scan', '.'], { cwd: scene.folder })
    expect(status).toBe(1)
    const [first = '', said = '', ...others] = stdout.replace(/ \(\w+ [\d-]+\)$/gm, '').split('\n')
    expect(first).toBe('old.txt:2:3 error KEY_IN_TEXT')
    expect(said).toMatch(/^ {2}an OpenAI key stands here in clear text: /)
    expect(others.slice(0, 3).sort()).toEqual([
      '  also in old.txt:2:3, kept by git',
      '  also in other.txt:1:1',
      '  also in other.txt:1:1, kept by git',
    ])
    expect(stdout).toContain('✗ 2 keys in clear text in 6 places (')
    expect((await scene.scan('.')).findings).toHaveLength(6)
  })

  it('finds a key in a message, on another branch, in a merge, in the stash, in the index and in the reflog', async () => {
    scene.git('commit', '-q', '--allow-empty', '-m', `oops ${OPENAI}`)
    expect((await scene.scan()).findings).toMatchObject([{ file: '(a commit message)' }])
    scene.git('commit', '-q', '--amend', '--allow-empty', '-m', 'clean')
    expect((await scene.scan()).findings, 'reflog').toHaveLength(1)

    scene.git('checkout', '-q', '-b', 'side')
    await commit('side.txt', keyLike('openai', 'side'))
    scene.git('checkout', '-q', '-')
    await scene.put('stash.txt', keyLike('openai', 'stash'))
    scene.git('add', 'stash.txt')
    scene.git('stash', '-q')
    await scene.put('index.txt', keyLike('openai', 'index'))
    scene.git('add', 'index.txt')
    await rm(scene.path('index.txt'))
    const { findings } = await scene.scan()
    expect(findings.map(one => one.file).sort()).toEqual([
      '(a commit message)',
      'index.txt',
      'side.txt',
      'stash.txt',
    ])
    expect(findings.find(one => one.file === 'index.txt')?.commit).toBe('not committed')
  })

  it('counts what it has looked into, one or more', async () => {
    const told = async () => (await agw(['keys', 'scan'], { cwd: scene.folder })).stdout
    expect(await told()).toContain(' and 1 version or message in git)')
    await commit('a.txt', 'a\n')
    expect(await told()).toMatch(/ and \d+ versions and messages in git\)/)
  })

  it.each(['before the first commit', 'later'])(
    '--staged looks only into what the next commit takes in, %s',
    async when => {
      if (when !== 'later') {
        await rm(scene.path('.git'), { recursive: true })
        scene.git('init', '-q')
      } else {
        await commit('old.txt', keyLike('openai', 'long ago'))
        await commit('gone.txt', keyLike('openai', 'taken out'))
        scene.git('rm', '-q', 'gone.txt')
      }
      await scene.put('not staged.txt', keyLike('openai', 'not staged'))
      await scene.put('fine.txt', 'nothing')
      scene.git('add', 'fine.txt', 'config.yaml')
      expect(await scene.scan('--staged')).toMatchObject({ status: 0, findings: [] })
      await mkdir(scene.path('sub dir'))
      await scene.put('sub dir/ä\tb.txt', `x\n  ${OPENAI}\n`)
      scene.git('add', 'sub dir')
      await rm(scene.path('sub dir'), { recursive: true })
      scene.git('add', '-f', '.env')
      const { status, findings } = await scene.scan('--staged')
      expect(status).toBe(1)
      expect(findings.map(one => [one.file, one.line, one.column, one.commit])).toEqual([
        ['.env', 1, 16, null],
        ['sub dir/ä\tb.txt', 2, 3, null],
      ])
    },
  )

  it.each(['--staged', '--history'])('looks into large files and UTF-16 that git has: %s', async flag => {
    await scene.put('big.txt', `${LONG}${OPENAI}\n`)
    await scene.put('wide.txt', utf16(keyLike('openai', 'wide')))
    await scene.put('dump.gz', gzipSync(OPENAI))
    scene.git('add', 'big.txt', 'wide.txt', 'dump.gz')
    for (const name of ['big.txt', 'wide.txt', 'dump.gz']) await rm(scene.path(name))
    const { status, findings, gaps } = await scene.scan(flag)
    expect(status).toBe(1)
    expect(findings.map(({ file, line }) => [file, line]).sort()).toEqual([
      ['big.txt', 750_001],
      ['wide.txt', 1],
    ])
    expect(gaps).toEqual(['dump.gz is compressed: what is in it was not looked at'])
  })

  it('--staged takes no path, and needs a repository', async () => {
    expect(await scene.scan('--staged', '.')).toMatchObject({ status: 2 })
    await rm(scene.path('.git'), { recursive: true })
    const outside = await scene.scan('--staged')
    expect(outside).toMatchObject({ status: 2, text: expect.stringContaining('in a repository') })
  })

  it('tells that a dotenv file is in git, though only its owner can read it', async () => {
    scene.git('add', '-f', '.env')
    scene.git('commit', '-q', '-m', 'env')
    const { findings } = await scene.scan()
    expect(findings.map(one => [one.file, one.commit === null])).toEqual([
      ['.env', true],
      ['.env', false],
    ])
  })

  it('tells that the home of a key below is in git, and a manifest that git would take in', async () => {
    await mkdir(scene.path('deploy'))
    await scene.put('deploy/config.yaml', keyFile('own.key'))
    await scene.put('deploy/own.key', OPENAI, 0o600)
    await chmod(await scene.putManifest('deploy', keyLike('openai', 'manifest')), 0o600)
    expect((await scene.scan('.', '--no-history')).findings).toMatchObject([{ file: `deploy/${MANIFEST}` }])
    await scene.put('.gitignore', `${MANIFEST}\nown.key\n`)
    expect(await scene.scan('.')).toMatchObject({ status: 0, findings: [] })
    scene.git('add', '-f', 'deploy')
    const { findings } = await scene.scan('.', '--no-history')
    expect(findings.map(one => one.file).sort()).toEqual([`deploy/${MANIFEST}`, 'deploy/own.key'])
  })

  it('runs nothing that the repository brings along', async () => {
    await commit('.gitattributes', '* diff=evil filter=evil\n')
    scene.git('config', 'diff.evil.textconv', `touch ${scene.path('ran')}; cat`)
    scene.git('config', 'filter.evil.smudge', `touch ${scene.path('ran')}; cat`)
    scene.git('config', 'core.fsmonitor', `touch ${scene.path('ran')}`)
    await commit('k.txt', OPENAI)
    await rm(scene.path('ran'), { force: true })
    expect((await scene.scan()).findings.length).toBeGreaterThan(0)
    await expect(readFile(scene.path('ran'))).rejects.toThrow('ENOENT')
  })
})
