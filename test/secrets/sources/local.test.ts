import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDotenv, setInDotenv } from '../../../src/secrets/dotenv.ts'
import { gather } from '../../../src/secrets/gather.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { dotenvSource } from '../../../src/secrets/sources/dotenv.ts'
import { fileSource } from '../../../src/secrets/sources/file.ts'
import { isWindows, tempFolders } from '../folders.ts'
import { kubernetesVolume } from '../kubernetes-volume.ts'
import { contract, problem, said } from './contract.ts'

const folder = tempFolders()
const around = (configDir: string, env: Record<string, string> = {}) => ({ env, configDir, connections: {} })

contract('env', () => {
  const env: Record<string, string> = {}
  return {
    context: around('/', env),
    where: name => ({ name: `REAL_${name}` }),
    put: (name, value) => {
      env[`REAL_${name}`] = value
    },
    take: name => {
      delete env[`REAL_${name}`]
    },
  }
})

contract(
  'dotenv',
  () => {
    const configDir = folder()
    const file = join(configDir, 'keys.env')
    let text = ''
    const write = (next: string) => {
      text = next
      writeFileSync(file, text, { mode: 0o600 })
    }
    return {
      context: around(configDir),
      where: () => ({ file: 'keys.env' }),
      put: (name, value) => write(value === '' ? `${text}${name}=\n` : setInDotenv(text, name, value)),
      take: name => write(text.replace(new RegExp(`^${name}=.*\n`, 'm'), '')),
    }
  },
  { largest: 100 * 1024 },
)

contract('file', () => {
  const configDir = folder()
  return {
    context: around(configDir),
    where: name => ({ path: `${name}.key` }),
    put: (name, value) => writeFileSync(join(configDir, `${name}.key`), `${value}\n`, { mode: 0o600 }),
    take: name => rmSync(join(configDir, `${name}.key`)),
  }
})

contract('credential', () => {
  const credentials = folder()
  return {
    context: around('/', { CREDENTIALS_DIRECTORY: credentials }),
    where: name => ({ name }),
    // Of mode 0400, so that only root could write into the file that is there.
    put: (name, value) => {
      writeFileSync(join(credentials, '.new'), value, { mode: 0o400 })
      renameSync(join(credentials, '.new'), join(credentials, name))
    },
    take: name => rmSync(join(credentials, name)),
  }
})

describe('the source file', () => {
  test('reads the mount of a Kubernetes Secret through every swap', async () => {
    const configDir = folder()
    const volume = kubernetesVolume(configDir)
    const entry = {
      variable: 'A',
      kind: 'file',
      where: { path: 'openai' },
      refreshMs: undefined,
      timeoutMs: undefined,
    } as const
    let told: () => void = () => undefined
    volume.write({ openai: 'sk-0' })
    const watcher = fileSource.watch?.([entry], () => told(), around(configDir))
    for (const value of ['sk-1', 'sk-2', 'sk-3']) {
      const change = new Promise<void>(resolve => {
        told = resolve
      })
      volume.write({ openai: value })
      await change
      const found = (await gather([entry], around(configDir))).get('A')
      expect(found && said(found)).toBe(value)
    }
    watcher?.[Symbol.dispose]()
  })

  test.skipIf(isWindows)(
    'what it writes only the owner can read; a link out of the folder is not followed',
    async () => {
      const [configDir, elsewhere] = [folder(), folder()]
      const reference = { variable: 'A', kind: 'file', where: { path: 'a.key' } } as const
      await fileSource.store?.(reference, new Secret('sk-1'), around(configDir))
      expect(readdirSync(configDir)).toEqual(['a.key'])
      expect(statSync(join(configDir, 'a.key')).mode & 0o777).toBe(0o600)
      symlinkSync(join(elsewhere, 'b.key'), join(configDir, 'b.key'))
      writeFileSync(join(elsewhere, 'b.key'), 'old')
      const linked = { ...reference, where: { path: 'b.key' } }
      await expect(fileSource.store?.(linked, new Secret('x'), around(configDir))).rejects.toMatchObject({
        code: 'WRITE_FAILED',
      })
      expect(readFileSync(join(elsewhere, 'b.key'), 'utf8')).toBe('old')
    },
  )

  test('one that is a folder does not hide the other', async () => {
    const configDir = folder()
    mkdirSync(join(configDir, 'dir'))
    writeFileSync(join(configDir, 'key'), 'sk-1', { mode: 0o600 })
    const entries = ['dir', 'key'].map(
      path =>
        ({
          variable: path,
          kind: 'file',
          where: { path },
          refreshMs: undefined,
          timeoutMs: undefined,
        }) as const,
    )
    const found = await gather(entries, around(configDir))
    expect(problem(found.get('dir'))).toMatchObject({ code: 'malformed' })
    expect(found.get('key')?.outcome).toBeInstanceOf(Secret)
  })
})

describe('the source dotenv', () => {
  const reference = (name: string) => ({ variable: name, kind: 'dotenv', where: {} }) as const

  test('a file that cannot be read is told for each, and is not written to', async () => {
    const configDir = folder()
    writeFileSync(join(configDir, '.env'), Buffer.from([0xff, 0xfe, 0]))
    const one = reference('A')
    expect((await dotenvSource.resolve([one], around(configDir))).get(one)).toMatchObject({
      code: 'malformed',
    })
    for (const write of [
      () => dotenvSource.store?.(one, new Secret('x'), around(configDir)),
      () => dotenvSource.remove?.(one, around(configDir)),
    ])
      await expect(write()).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
    expect([...readFileSync(join(configDir, '.env'))]).toEqual([0xff, 0xfe, 0])
  })

  test('several that store and remove at once do not undo each other', async () => {
    const context = around(folder())
    const names = ['A', 'B', 'C', 'D', 'E']
    await Promise.all(
      names.map(name => dotenvSource.store?.(reference(name), new Secret(`sk-${name}`), context)),
    )
    await Promise.all([
      dotenvSource.remove?.(reference('B'), context),
      dotenvSource.store?.(reference('F'), new Secret('sk-F'), context),
    ])
    const lines = readFileSync(join(context.configDir, '.env'), 'utf8').trim().split('\n')
    expect(lines.sort()).toEqual(['A', 'C', 'D', 'E', 'F'].map(name => `${name}=sk-${name}`))
  })

  test('removing leaves every other line as it is', async () => {
    const configDir = folder()
    const text = '# head\r\nA="1\n2" # two lines\nexport KEY=\'x\'\n\nB=3\nKEY=again'
    writeFileSync(join(configDir, '.env'), text)
    await dotenvSource.remove?.(reference('KEY'), around(configDir))
    const left = readFileSync(join(configDir, '.env'), 'utf8')
    expect(left).toBe('# head\r\nA="1\n2" # two lines\n\nB=3\n')
    expect([...parseDotenv(left).values]).toEqual([
      ['A', '1\n2'],
      ['B', '3'],
    ])
  })
})
