import { execute, settings } from '@oclif/core'

/** Runs the command line. `dir` is a file of the package, as a URL: its package.json says where the commands are. */
export async function main(dir: string): Promise<void> {
  // oclif would look for TypeScript sources and fall back in silence; what runs is what was built.
  settings.enableAutoTranspile = false
  await execute({ dir, args: spelledOut(process.argv.slice(2)) })
}

/** Two habits in the words of the library: `help COMMAND` is `COMMAND --help`, and `--json` may stand first. */
function spelledOut(args: readonly string[]): string[] {
  const [first, ...rest] = args
  if (first === 'help') return [...rest, '--help']
  return first === '--json' && rest.length > 0 ? spelledOut(withJson(rest)) : [...args]
}

/** What follows a `--` belongs to another program. */
function withJson(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return end === -1 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)]
}
