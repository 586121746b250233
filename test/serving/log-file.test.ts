import { mkdir, mkdtemp, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { LogFile } from '../../src/serving/log-file.ts'

it('a file that is moved, and whose place is taken, takes nothing until there is a new one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agw-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [path, moved] = [join(folder, 'access.log'), join(folder, 'access.log.1')]
  const log = await new LogFile(path).open()
  const write = (text: string): Promise<string | undefined> =>
    new Promise(resolve =>
      log.write(text, error => resolve((error as NodeJS.ErrnoException | undefined)?.code)),
    )
  expect(await write('a')).toBeUndefined()
  await rename(path, moved)
  await mkdir(path)
  // It is looked at no more than once a second.
  await sleep(1100)
  expect([await write('b'), await write('c'), await write('d')]).toEqual(['EISDIR', 'EISDIR', 'EISDIR'])
  await rmdir(path)
  expect(await write('e')).toBeUndefined()
  await log.close()
  expect([await readFile(moved, 'utf8'), await readFile(path, 'utf8')]).toEqual(['a', 'e'])
})
