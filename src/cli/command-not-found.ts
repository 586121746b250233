import type { Hook } from '@oclif/core'
import { closest } from '../config/did-you-mean.ts'
import { own } from '../config/own.ts'
import { looksSecret } from '../config/shown-word.ts'
import { EXIT } from '../errors.ts'
import { tellPlainly } from './plain-failure.ts'

/** What other programs call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  start: 'serve',
  up: 'serve',
  test: 'test-route',
  lint: 'validate',
  status: 'doctor',
  'keys add': 'keys set',
  'keys create': 'keys set',
  'keys new': 'keys set',
  'keys store': 'keys set',
  'keys get': 'keys list',
  'keys ls': 'keys list',
  'keys show': 'keys list',
  'keys delete': 'keys remove',
  'keys rm': 'keys remove',
  'keys test': 'keys check',
}

/**
 * Runs for a word that is no command. Only that word is repeated: with a space as separator the library's id holds
 * every argument, and one of them may be a pasted key.
 */
const commandNotFound: Hook<'command_not_found'> = async ({ id, config, argv }) => {
  const typed = id.split(':')
  const failure =
    typed[0] === '--json'
      ? NONE
      : (strayFlag(typed[0] ?? '') ?? tooManyWords(typed, config) ?? unknownWord(typed, config))
  tellPlainly(failure, [...typed, ...(argv ?? [])])
}

type Config = Parameters<typeof commandNotFound>[0]['config']

interface Failed {
  readonly code: 'USAGE' | 'UNKNOWN_COMMAND'
  readonly message: string
  readonly hint: string
  readonly exitCode: number
}

function failed(code: Failed['code'], message: string, hint: string): Failed {
  return { code, message, hint, exitCode: EXIT.usage }
}

const NONE = failed('USAGE', 'no command is named', 'agw --help lists them')

/** A command with words behind it that it does not take: the library looks for a command of all these words. */
function tooManyWords(typed: readonly string[], config: Config): Failed | undefined {
  for (let count = typed.length - 1; count > 0; count -= 1) {
    const command = config.findCommand(typed.slice(0, count).join(':'))
    if (command === undefined) continue
    const name = `agw ${command.id.replaceAll(':', ' ')}`
    const hint = command.flags['file']
      ? 'name a config with --file PATH'
      : `\`${name} --help\` says what it takes`
    return failed('USAGE', `${name} takes no argument`, hint)
  }
  return undefined
}

/** A flag where a command belongs. */
function strayFlag(typed: string): Failed | undefined {
  if (!typed.startsWith('-')) return undefined
  const meant = closest(typed, OWN_FLAGS)
  const name = typed.split('=')[0] ?? ''
  return failed(
    'USAGE',
    `${looksSecret(name.replace(/^-+/, '')) ? 'that' : name} is not a flag of agw itself`,
    meant === undefined
      ? 'flags stand behind a command, as in `agw serve --mock`; agw --help lists the commands'
      : `did you mean ${meant}?`,
  )
}

const OWN_FLAGS = ['--help', '--version', '--json']

function unknownWord(typed: readonly string[], config: Config): Failed {
  const names = config.commandIDs.map(name => name.replaceAll(':', ' '))
  const topic = config.topics.find(one => one.name === typed[0])
  const word = topic === undefined ? (typed[0] ?? '') : typed.slice(0, 2).join(' ')
  const shown = looksSecret(word, names) ? 'that' : JSON.stringify(word)
  const topics = config.topics.map(one => one.name)
  const meant =
    own(ELSEWHERE, word) ??
    [typed.slice(0, 2).join(' '), word].flatMap(one =>
      one.length <= 32 ? (closest(one, [...names, ...topics]) ?? []) : [],
    )[0] ??
    [`keys ${word}`, ...names].find(name => names.includes(name) && name.endsWith(` ${word}`))
  const hint = meant === undefined ? listOf(topic?.name, names) : `did you mean \`agw ${meant}\`?`
  return failed('UNKNOWN_COMMAND', `${shown} is not a command of agw`, hint)
}

/** The commands of a topic are few. */
function listOf(topic: string | undefined, names: readonly string[]): string {
  const below = names.filter(name => name.startsWith(`${topic} `))
  return topic === undefined
    ? 'agw --help lists them'
    : `there is: ${below.map(name => `agw ${name}`).join(', ')}`
}

export default commandNotFound
