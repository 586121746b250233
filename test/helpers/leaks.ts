import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Says in which forms some secrets stand in a text. */
export type Leaks = (text: string) => string[]

/** Knows each secret as it is and in the forms in which it could get out; a part of it is a leak too. */
export function leaksOf(secrets: readonly string[]): Leaks {
  const forms = secrets.flatMap(formsOf)
  return text => forms.filter(form => text.includes(form))
}

function formsOf(secret: string): string[] {
  // Of a PEM text, the head and the end are everybody's.
  const lines = secret.trim().split('\n')
  const value = lines.length > 2 ? (lines[1] ?? '') : secret
  if (value.length < 32) throw new Error('too short to be told from other texts')
  return [
    value.slice(8, 32),
    value.slice(-24),
    // At each of the three offsets.
    ...['', ':', 'u:'].map(before =>
      Buffer.from(before + value)
        .toString('base64')
        .slice(12, 40),
    ),
    Buffer.from(value).toString('hex').slice(20, 60),
  ]
}

/**
 * Reads the argument list of every process that is started on this machine, again and again until it is stopped, and its
 * environment where that is looked for too: what others see of a program that runs. Finds nothing where there is no /proc.
 */
export function watchProcesses(cmdline: Leaks, environ?: Leaks): () => string[] {
  const seen = new Set<string>()
  const files = Object.entries({ cmdline, ...(environ && { environ }) })
  const isLinux = process.platform === 'linux'
  const before = new Set(isLinux ? processes() : [])
  const look = (): void => {
    for (const pid of processes()) {
      if (before.has(pid)) continue
      for (const [file, leaks] of files) {
        try {
          for (const leak of leaks(readFileSync(`/proc/${pid}/${file}`, 'latin1')))
            seen.add(`${file}: ${leak}`)
        } catch {
          // It has ended in between, or is somebody else's.
        }
      }
    }
  }
  const timer = isLinux ? setInterval(look, 50) : undefined
  return () => {
    clearInterval(timer)
    return [...seen]
  }
}

const processes = (): string[] => readdirSync('/proc').filter(name => /^\d+$/.test(name))

/** The files below a folder in which a secret stands, by their path from there. */
export async function filesWith(leaks: Leaks, folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && leaks(await readFile(path, 'latin1')).length > 0)
      found.push(path.slice(folder.length + 1))
  }
  return found.sort()
}
