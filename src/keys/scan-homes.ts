import { basename, dirname } from 'node:path'
import { keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts'
import { keyHomes } from '../secrets/index.ts'

/**
 * The homes of keys that the configs among some files name, each as from its own folder. Nobody chose these configs: no
 * source is asked and no program run for them, and what is no config names none.
 */
export async function homesOfConfigs(files: readonly string[], env: LoadOptions['env']): Promise<string[]> {
  const homes: string[] = []
  for (const file of files.filter(path => basename(path) === 'config.yaml')) {
    const cwd = dirname(file)
    const loaded = await readIfConfig({ file, cwd, env, gather: false, dotenvMayFail: true })
    if (loaded !== undefined) homes.push(...(await homesOf(loaded, { cwd, env })))
  }
  return homes
}

/** The homes of keys that one config names. */
export async function homesOf(
  loaded: LoadedConfig,
  { cwd, env }: Pick<LoadOptions, 'cwd' | 'env'>,
): Promise<string[]> {
  const slots = loaded.draft === undefined ? [] : keySlots(loaded.draft, loaded.document)
  return await keyHomes({ ...loaded, slots }, { cwd, env })
}

/** Other programs have a config.yaml too: only the shape tells. */
async function readIfConfig(load: LoadOptions): Promise<LoadedConfig | undefined> {
  try {
    const loaded = await loadConfig(load)
    return loaded.draft === undefined ? undefined : loaded
  } catch (error) {
    if (error instanceof AgwError) return undefined
    throw error
  }
}
