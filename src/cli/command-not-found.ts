import type { Hook } from '@oclif/core'
import { closest } from '../config/did-you-mean.ts'
import { looksSecret } from '../config/shown-word.ts'
import { EXIT } from '../errors.ts'
import { isOn } from './flags.ts'

/**
 * Runs for a word that is no command. Only that word is repeated: with a space as separator the library's id holds
 * every argument, and one of them may be a pasted key.
 */
const commandNotFound: Hook<'command_not_found'> = async ({ id, config, argv }) => {
  const typed = id.split(':')
  const names = config.commandIDs.map(name => name.replaceAll(':', ' '))
  const topic = config.topics.find(one => one.name === typed[0])
  const word = topic === undefined ? (typed[0] ?? '') : typed.slice(0, 2).join(' ')
  const shown = looksSecret(word, names) ? 'that' : JSON.stringify(word)
  const topics = config.topics.map(one => one.name)
  const meant = [typed.slice(0, 2).join(' '), word].flatMap(one =>
    one.length <= 32 ? (closest(one, [...names, ...topics]) ?? []) : [],
  )[0]
  const isNone = word === '--json'
  const failure = {
    code: isNone ? 'USAGE' : 'UNKNOWN_COMMAND',
    message: isNone ? 'no command is named' : `${shown} is not a command of agw`,
    hint: meant === undefined ? 'agw --help lists them' : `did you mean \`agw ${meant}\`?`,
    exitCode: EXIT.usage,
  }
  if ([...typed, ...(argv ?? [])].includes('--json') || isOn(process.env['AGW_JSON']))
    process.stdout.write(`${JSON.stringify({ error: failure }, null, 2)}\n`)
  else process.stderr.write(`error ${failure.message}\n  → ${failure.hint}\n`)
  process.exitCode = EXIT.usage
}

export default commandNotFound
