import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Homes, keyHomes } from './key-homes.ts'
import type { SourceContext } from './source.ts'
import { removeLeftTemps } from './temp-files.ts'

/** Takes away what writers that were killed have left beside the config and beside every file that it keeps keys in. */
export async function removeLeftWrites(
  homes: Homes,
  world: { readonly cwd: string; readonly env: SourceContext['env'] },
): Promise<void> {
  // A link is written through: what is left lies where it leads.
  const folders = (await keyHomes(homes, world)).map(async file =>
    dirname(await realpath(file).catch(() => file)),
  )
  for (const folder of new Set([homes.folder, ...(await Promise.all(folders))])) await removeLeftTemps(folder)
}
