import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agw } from './agw.ts'
import { GUIDE } from './guide.ts'

/** A config of the guide whose provider is at a port of this machine, and whose key is kept by a method. */
export async function placeKey(
  folder: string,
  { method, key, upstream, port = 3000 }: { method: string; key: string; upstream: number; port?: number },
): Promise<void> {
  const there = `name: openai\n          hostOverride: "127.0.0.1:${upstream}"`
  const text = GUIDE.env.replace('name: openai', there).replace('3000', String(port))
  await writeFile(join(folder, 'config.yaml'), text)
  await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${key}\n`, { mode: 0o600 })
  if (method === 'env') return
  const moved = await agw(['keys', 'move', 'openai', '--to', method, '--yes'], { cwd: folder })
  expect(moved.status, moved.stderr).toBe(0)
}

/** The files below a folder that hold a text, in clear. */
export async function holders(folder: string, text: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of names.filter(one => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    // A lock or a file on its way to another name may be gone by now.
    const content = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    if (content.includes(text)) found.push(path.slice(folder.length + 1))
  }
  return found.sort()
}

/** The journals of rotations below a folder. */
export async function journals(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, '.local/state/agw'), { recursive: true }).catch(() => [])
  return names
    .filter(name => /rotation-[\da-f]+\.json$/.test(name))
    .map(name => join(folder, '.local/state/agw', name))
}

/** Lets the time of old keys be over after some milliseconds. */
export async function endTime(folder: string, inMs = -1000): Promise<void> {
  for (const path of await journals(folder)) {
    const journal = JSON.parse(await readFile(path, 'utf8')) as object
    const keepUntil = new Date(Date.now() + inMs).toISOString()
    await writeFile(path, JSON.stringify({ ...journal, keepUntil }))
  }
}

/**
 * Kills the program just before its n-th change to the file system or to a store that is reached by HTTP. `lasting` counts
 * those changes only that are seen afterwards: no folder that is there already, no lock of a program that is dead.
 */
export function killedAt(number: number, { lasting = false } = {}): Record<string, string> {
  const code = `
    import fs from 'node:fs/promises'
    import http from 'node:http'
    import { syncBuiltinESMExports } from 'node:module'
    let count = 0
    const change = () => {
      if (++count === ${number}) process.kill(process.pid, 'SIGKILL')
    }
    for (const name of ['rename', 'rm', 'mkdir', 'link', 'unlink', 'chmod']) {
      const real = fs[name]
      const isSeen = path => !${lasting} || !(name === 'mkdir' || String(path).endsWith('.agw-lock'))
      fs[name] = (...args) => {
        if (isSeen(args[0])) change()
        return real(...args)
      }
    }
    const { request } = http
    http.request = (url, options, ...rest) => {
      if (!['GET', undefined].includes(options.method)) change()
      return request(url, options, ...rest)
    }
    syncBuiltinESMExports()`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` }
}
