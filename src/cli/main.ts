import { execute, settings } from '@oclif/core'

/** Runs the command line. `dir` is a file of the package, as a URL: its package.json says where the commands are. */
export async function main(dir: string): Promise<void> {
  // oclif would look for TypeScript sources and fall back in silence; what runs is what was built.
  settings.enableAutoTranspile = false
  await execute({ dir })
}
