import { readFileSync } from 'node:fs'
import { EXIT } from '../errors.ts'
import { NEEDED_NODE, runsOn } from '../node-version.ts'
import { dropForeignNews } from './guard.ts'
import { hideTyping } from './hidden-typing.ts'
import { isOn } from './is-on.ts'
import { tellPlainly } from './plain-failure.ts'
import { expectHangups } from './signals.ts'

/** Runs the command line. `dir` is a file of the package, as a URL: its package.json says where the commands are. */
export async function main(dir: string): Promise<void> {
  const args = process.argv.slice(2)
  const { stdin, stdout, version } = process
  // What is loaded next may not even be understood there.
  if (!runsOn(version)) {
    const message = `Node ${version} is not one that agw runs on`
    return tellPlainly({ code: 'USAGE', message, hint: `use ${NEEDED_NODE}`, exitCode: EXIT.usage }, args)
  }
  dropForeignNews()
  hideTyping(args, { stdin, stdout, kill: signal => process.kill(process.pid, signal) })
  // Loading takes most of the start, and a service manager that has it reload meanwhile would end it.
  if (args.find(word => word !== '--json') === 'serve') expectHangups(stdout.isTTY === true)
  // Read after that: it takes longer than a person needs to paste.
  const { execute, settings } = await import('@oclif/core')
  // oclif would look for TypeScript sources and fall back in silence; what runs is what was built.
  settings.enableAutoTranspile = false
  await execute({ dir, args: spelledOut(args, isOn(process.env['AGW_JSON']), () => topicsOf(dir)) })
}

/** Habits in the words of the library: `help COMMAND` is `COMMAND --help`, `--json` may stand first, and is kept to always. */
function spelledOut(args: readonly string[], byDefault: boolean, topics: () => string[]): string[] {
  const [first, ...rest] = args
  if (first === '--json' && rest.length > 0 && !rest.includes('--json'))
    return spelledOut(withJson(rest), byDefault, topics)
  const words = args.filter(word => word !== '--json')
  const [word = '', ...more] = words
  if ((byDefault || words.length < args.length) && more.length === 0) {
    // Help is for people: who wants JSON and names no command gets the one document of a failure.
    if (word === '' || topics().includes(word)) return ['--json']
    if (['--version', '-v', 'version'].includes(word)) return [VERSION, '--json']
  }
  return first === 'help' ? spelledOut([...rest, '--help'], byDefault, topics) : [...args]
}

/** The command behind `--version`; the library knows the plain word for the flag. */
const VERSION = 'about'

/** Words that stand in front of commands and are none, as package.json names them. */
function topicsOf(dir: string): string[] {
  const { oclif } = JSON.parse(readFileSync(new URL('../package.json', dir), 'utf8'))
  return Object.keys(oclif.topics)
}

/** What follows a `--` belongs to another program. */
function withJson(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return end === -1 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)]
}
