import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, agwAlone, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

/** What most tests rely on: a command in a process that has run others is what it is in one of its own. */

const KEY = keyLike('openai', 'shared process')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
})

const env = { OPENAI_API_KEY: KEY }

describe('a command in a process that has run others', () => {
  it.each<[what: string, args: string[], env: Record<string, string>, input: string]>([
    ['that has nothing to say against a config', ['validate'], env, ''],
    ['that finds something', ['validate'], {}, ''],
    ['that answers in JSON because it is told to', ['keys', 'list'], { ...env, AGW_JSON: '1' }, ''],
    ['that reads standard input', ['validate', '-'], {}, 'binds: 1'],
    ['that is given a key', ['keys', 'set', 'openai', '--dry-run'], {}, KEY],
    ['that is given none', ['keys', 'set', 'openai', '--dry-run'], {}, ''],
    ['that is not one', ['vlidate'], {}, ''],
    ['that is used wrongly', ['keys', 'list', '--no-such-flag'], {}, ''],
    ['that tells its version', ['--version'], {}, ''],
    ['that helps', ['keys', '--help'], {}, ''],
    ['that looks at its home folder', ['doctor'], { HOME: '/nonexistent' }, ''],
    ['that prints in colour', ['validate'], { NO_COLOR: '', FORCE_COLOR: '1' }, ''],
  ])('%s', async (_, args, more, input) => {
    const options = { cwd: folder, env: more, input }
    const alone = await agwAlone(args, options)
    // What it was told before is forgotten.
    await agw(['keys', 'set', 'openai', '--dry-run', '--json'], { cwd: await tempFolder(), input: `${KEY}x` })
    expect(timeless(await agw(args, options))).toEqual(timeless(alone))
  })
})

/** Times and numbers of processes differ from one run to the next. */
const timeless = (run: Run): Run => ({ ...run, stdout: run.stdout.replace(/\b\d+(?:\.\d+)? ?ms\b/g, 'N ms') })
