import { execute, settings } from '@oclif/core'
import { isOn } from './flags.ts'

/** Runs the command line. `dir` is a file of the package, as a URL: its package.json says where the commands are. */
export async function main(dir: string): Promise<void> {
  // oclif would look for TypeScript sources and fall back in silence; what runs is what was built.
  settings.enableAutoTranspile = false
  await execute({ dir, args: spelledOut(process.argv.slice(2), process.env['AGW_JSON']) })
}

/** Two habits in the words of the library: `help COMMAND` is `COMMAND --help`, and `--json` may stand first. */
function spelledOut(args: readonly string[], json: string | undefined): string[] {
  // Help is for people: who wants JSON and names no command gets the one document of a failure.
  if (args.length > 0 ? args.every(word => word === '--json') : isOn(json)) return ['--json']
  const [first, ...rest] = args
  if (first === 'help') return [...rest, '--help']
  return first === '--json' ? spelledOut(withJson(rest), json) : [...args]
}

/** What follows a `--` belongs to another program. */
function withJson(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return end === -1 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)]
}
