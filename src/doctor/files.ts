import { realpath } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { keySlots } from '../config/index.ts'
import type { LoadedConfig, LoadOptions } from '../load.ts'
import { identityPlace } from '../secrets/age-identity.ts'
import { findWeakFolder } from '../secrets/folder.ts'
import { gitState, keyHomes, runWith } from '../secrets/index.ts'
import { checkMode, readTextFile } from '../secrets/read.ts'
import { type Finding, finding } from './finding.ts'

/** More than any file with keys has. Bytes. */
const LIMIT = 5 * 1024 * 1024

/** Who else can read or replace the files that hold keys, and whether git has them. */
export async function lookAtFiles(
  loaded: LoadedConfig,
  { cwd, env }: LoadOptions,
  uid: number | undefined,
): Promise<Finding[]> {
  const slots = loaded.draft === undefined ? [] : keySlots(loaded.draft, loaded.document)
  const paths = new Set(await keyHomes({ ...loaded, slots }, { cwd, env }))
  if (loaded.path !== '-' && slots.some(slot => slot.method === 'inline')) paths.add(loaded.path)
  for (const path of identityFiles(loaded, env)) paths.add(path)
  const run = runWith({ env })
  const found: Finding[] = []
  for (const path of paths) {
    const name = nameOf(cwd, path)
    const about = `file ${name}`
    const read = await readTextFile(path, LIMIT, { credentialsDirectory: env['CREDENTIALS_DIRECTORY'] }, name)
    // What cannot be read is told with its key.
    if (!read.ok) continue
    const mode = checkMode(read.facts, name)
    if (mode !== undefined) found.push(finding(about, mode.severity, mode.message, mode.hint))
    const weak = uid === undefined ? undefined : await findWeakFolder(dirname(await realpath(path)), uid)
    if (weak !== undefined) {
      found.push(finding(about, 'warning', `its folder ${weak.folder} ${weak.why}`, weak.hint))
    }
    const { state } = await gitState(path, run)
    if (state === 'tracked') {
      const hint = `take it out with \`git rm --cached ${name}\`, and make a new key`
      found.push(finding(about, 'error', 'git has it, and with it the keys', hint))
    } else if (state === 'not-ignored') {
      found.push(finding(about, 'warning', 'git would take it in', 'add it to .gitignore'))
    } else if (mode === undefined && weak === undefined) {
      const git = state === 'ignored' ? ', and git leaves it alone' : ''
      found.push(finding(about, 'ok', `only its owner can read it${git}`))
    }
  }
  return found
}

/** The files with the age identities that open what agw.yaml names. */
function identityFiles({ agw, folder }: LoadedConfig, env: LoadOptions['env']): string[] {
  const kinds = new Set([...(agw?.entries.values() ?? [])].map(({ kind }) => kind))
  return (['encrypted', 'sops'] as const).flatMap(kind => {
    if (agw === undefined || !kinds.has(kind)) return []
    const place = identityPlace(agw.connections[kind]?.identity, { env, configDir: folder })
    return 'file' in place ? [place.file] : []
  })
}

function nameOf(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}
