import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { encrypted } from '../secrets/sources/settings.ts'

/** The packages and the files of src/secrets/sources that a command really loads, as Node.js itself lists them. */
async function loadedBy(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const coverage = join(cwd, 'coverage')
  await mkdir(coverage)
  await agw(args, { cwd, env: { ...env, NODE_V8_COVERAGE: coverage } })
  const lists = await Promise.all(
    (await readdir(coverage)).map(name => readFile(join(coverage, name), 'utf8')),
  )
  const urls = lists
    .flatMap(text => JSON.parse(text).result as { url: string }[])
    .map(script => script.url)
    .filter(url => url.startsWith('file:'))
  const own = urls.filter(url => url.includes('/bundle/'))
  // What is joined into one file keeps the names of the files it was made of, in comments.
  const texts = await Promise.all(own.map(url => readFile(fileURLToPath(url), 'utf8')))
  const named = (text: string) => [...text.matchAll(/^\/\/ dist\/secrets\/sources\/([\w-]+)\.js$/gm)]
  return {
    commands: own.flatMap(url => /\/commands\/(.*)\.js$/.exec(url)?.[1] ?? []),
    packages: [
      ...new Set(urls.flatMap(url => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])),
    ].sort(),
    sources: texts
      .flatMap(named)
      .flatMap(([, name]) => name ?? [])
      .sort(),
  }
}

it('agw keys list loads no package for a key in a file: no cloud SDK, undici, keyring, age or inquirer', async () => {
  const folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.file)
  await writeFile(join(folder, 'key.txt'), 'k', { mode: 0o600 })
  const { commands, packages, sources } = await loadedBy(['keys', 'list'], folder)
  expect(commands).toEqual(['keys/list'])
  expect(packages).toEqual([])
  // The environment and .env, which every key may come from, are joined into one part with what they need.
  expect(sources).toEqual(['dotenv', 'environment', 'file-problem', 'registry'])
})

it('what a source needs is seen here once it is used: age for an encrypted file', async () => {
  const folder = await tempFolder()
  const { entry, env } = await encrypted(bytes => bytes, 'OPENAI_API_KEY=k\n')(folder)
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  await writeFile(join(folder, 'agw.yaml'), `secrets:\n  OPENAI_API_KEY: ${entry}\n`)
  const { packages, sources } = await loadedBy(['keys', 'list'], folder, env)
  expect(packages).toContain('age-encryption')
  expect(sources).toContain('encrypted')
})
