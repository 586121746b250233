import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { expandFilePatterns } from '../../src/config/file-patterns.ts'
import { tempFolder } from '../helpers/agw.ts'

const FILES = [
  'a.yaml',
  'b.yaml',
  'b.yml',
  '.hidden.yaml',
  'we[i]rd+(x).yaml',
  'conf/c.yaml',
  'conf/deep/d.yaml',
  'conf/deep/er/e.yaml',
  'conf/.git/f.yaml',
  'node_modules/g.yaml',
  'star*.yaml',
]

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  for (const file of FILES) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), 'binds: []\n')
  }
  await symlink(join(folder, 'conf'), join(folder, 'conf/deep/loop'))
  await symlink(join(folder, 'a.yaml'), join(folder, 'conf/link.yaml'))
})

describe.skipIf(process.platform === 'win32')('expandFilePatterns', () => {
  it('refuses braces that stand for too many names', async () => {
    const ten = '{a,b,c,d,e,f,g,h,i,j}'
    await expect(expandFilePatterns([`${ten}${ten}${ten}{y,z}.yaml`], folder)).rejects.toThrow(
      /stands for more than 1000 names/,
    )
    expect(
      await expandFilePatterns([`${ten}${ten.replace('j', 'j.yaml')}{,.yaml}`], folder).catch(String),
    ).toMatch(/no file matches/)
  })

  it('takes nothing that agw writes beside a config for one', async () => {
    for (const [file, text] of [
      ['agw.yaml', 'secrets: {}\n'],
      ['kubernetes.yaml', 'binds: []\n'],
      ['kubernetes-pod.yaml', 'apiVersion: v1\n'],
      ['kubernetes-secret.yaml', 'apiVersion: v1\n'],
    ] as const)
      await writeFile(join(folder, 'conf/deep', file), text)
    expect(await expandFilePatterns(['conf/deep/*.yaml'], folder)).toEqual([
      'conf/deep/d.yaml',
      'conf/deep/kubernetes.yaml',
    ])
    await expect(expandFilePatterns(['conf/**/a*.yaml'], folder)).rejects.toThrow(/no file matches/)
    expect(await expandFilePatterns(['conf/deep/agw.yaml'], folder)).toEqual(['conf/deep/agw.yaml'])
  })

  it.each<[string[], string[]]>([
    [['a.yaml'], ['a.yaml']],
    [['nope.yaml'], ['nope.yaml']],
    [['-'], ['-']],
    [['?.yaml'], ['a.yaml', 'b.yaml']],
    [['b.y*ml'], ['b.yaml', 'b.yml']],
    [['b.{yaml,yml}'], ['b.yaml', 'b.yml']],
    [['{a,b}.{yaml,yml,json}'], ['a.yaml', 'b.yaml', 'b.yml']],
    [['{conf/deep,nope}/*.yaml'], ['conf/deep/d.yaml']],
    [['conf/*.yaml'], ['conf/c.yaml', 'conf/link.yaml']],
    [['./conf/*.yaml'], ['conf/c.yaml', 'conf/link.yaml']],
    [['conf/*/*.yaml'], ['conf/deep/d.yaml']],
    [['c*f/d??p/*.yaml'], ['conf/deep/d.yaml']],
    [['conf/**/*.yaml'], ['conf/c.yaml', 'conf/deep/d.yaml', 'conf/deep/er/e.yaml', 'conf/link.yaml']],
    [['**/e.yaml'], ['conf/deep/er/e.yaml']],
    [['conf/deep/**'], ['conf/deep/d.yaml', 'conf/deep/er/e.yaml']],
    [['**/**/d.yaml'], ['conf/deep/d.yaml']],
    [['.h*.yaml'], ['.hidden.yaml']],
    [['star*.yaml'], ['star*.yaml']],
    [['we[i]rd+(x).yaml'], ['we[i]rd+(x).yaml']],
    [['we[i]rd+(?).yaml'], ['we[i]rd+(x).yaml']],
    [['node_modules/*.yaml'], ['node_modules/g.yaml']],
    [
      ['b.yaml', '?.yaml', './b.yaml', '-', '-'],
      ['./b.yaml', 'a.yaml', '-'],
    ],
  ])('%j', async (patterns, files) => {
    expect(await expandFilePatterns(patterns, folder)).toEqual(files)
  })

  it('passes over nothing that matches and cannot be read', async () => {
    await mkdir(join(folder, 'only/sub.yaml'), { recursive: true })
    await symlink('nothing', join(folder, 'only/broken.yaml'))
    await symlink('sub.yaml', join(folder, 'only/folder.yaml'))
    await symlink('around', join(folder, 'only/around'))
    for (const pipe of ['pipe.yaml', 'kubernetes.yaml']) execFileSync('mkfifo', [join(folder, 'only', pipe)])
    expect(await expandFilePatterns(['only/b*.yaml'], folder)).toEqual(['only/broken.yaml'])
    expect(await expandFilePatterns(['only/{broken,folder,absent}.yaml'], folder)).toEqual([
      'only/broken.yaml',
    ])
    expect(await expandFilePatterns(['only/*.yaml'], folder)).toEqual([
      'only/broken.yaml',
      'only/kubernetes.yaml',
      'only/pipe.yaml',
    ])
    // As a folder that may not be looked into, which the tests may be allowed to.
    expect(await expandFilePatterns(['only/around/*.yaml'], folder)).toEqual(['only/around'])
    expect(await expandFilePatterns(['only/broken.yaml/*.yaml'], folder)).toEqual(['only/broken.yaml'])
    if (process.getuid?.() !== 0) {
      await chmod(join(folder, 'only'), 0)
      expect(await expandFilePatterns(['**/b*.yaml'], folder)).toEqual(['b.yaml', 'only'])
    }
  })

  it('takes absolute patterns', async () => {
    expect(await expandFilePatterns([join(folder, 'co*', 'c.yaml')], '/')).toEqual([
      join(folder, 'conf/c.yaml'),
    ])
  })

  it('expands no more alternatives than anybody means', async () => {
    const pattern = '{a,b}'.repeat(40)
    await expect(expandFilePatterns([pattern], folder)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it.each(['*.json', 'nope/*.yaml', 'a.yaml/*', '{x,y}.yaml'])(
    'refuses %s, which matches nothing',
    async pattern => {
      await expect(expandFilePatterns([pattern], folder)).rejects.toMatchObject({
        code: 'USAGE',
        message: `no file matches "${pattern}"`,
      })
    },
  )
})
