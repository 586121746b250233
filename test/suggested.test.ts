import { existsSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, it } from 'vitest'
import { suggested } from '../src/suggested.ts'
import { DIST, sources } from './helpers/built.ts'
import { manifest } from './helpers/known-flags.ts'

describe('a suggested command', () => {
  it.each([
    [['keys', 'set', 'openai'], '`agw keys set openai`'],
    [['keys', 'set', "my key's"], "`agw keys set 'my key'\\''s'`"],
    [['keys', 'set', "a\u202e\t'\\"], "`agw keys set $'a\\u202e\\u0009\\'\\\\'`"],
    [['keys', 'set', 'a@llm.models[1]'], "`agw keys set 'a@llm.models[1]'`"],
  ])('is quoted for a shell: %j', (words, text) => expect(suggested(...words)).toBe(text))
})

interface Node {
  readonly type: string
  readonly [more: string]: unknown
}

/** Stands for a word that only the running program knows. */
const ANY = 'ANY'

/** Every command that a file's messages name, as words: those made by `suggested`, and those written out in backticks. */
function commandsIn(text: string): string[][] {
  const found: string[][] = []
  const written = (part: string): void => {
    for (const [, command = ''] of part.matchAll(/`agw ([^`]*)/g)) found.push(command.split(' '))
  }
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return value.forEach(visit)
    const node = value as Node
    if (node.type === 'CallExpression' && (node['callee'] as Node)['name'] === 'suggested')
      found.push(
        (node['arguments'] as Node[]).map(one => (one.type === 'Literal' ? String(one['value']) : ANY)),
      )
    if (node.type === 'Literal' && typeof node['value'] === 'string') written(node['value'])
    if (node.type === 'TemplateLiteral')
      written((node['quasis'] as { value: { cooked: string } }[]).map(one => one.value.cooked).join(ANY))
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(text))
  return found
}

/** What is wrong with a command as somebody would type it; empty where nothing is. */
function faultsOf(words: readonly string[]): string[] {
  const [topic = '', name = ''] = words
  const two = manifest.commands[`${topic}:${name}`]
  const command = two ?? manifest.commands[topic]
  if (command === undefined) return ['no such command']
  const faults: string[] = []
  let given = 0
  const rest = words.slice(two === undefined ? 1 : 2)
  for (let word = rest.shift(); word !== undefined && word !== '--'; word = rest.shift()) {
    // What the message is about is known where it is made.
    if (topic === 'keys' && word !== ANY && /^[A-Z]+$/.test(word)) faults.push(`${word} stands for a word`)
    // A dash alone is standard input.
    if (word === '-' || !word.startsWith('-')) given += 1
    else {
      const flag = command.flags[word.slice(2)]
      if (flag === undefined) faults.push(`no flag ${word}`)
      const value = flag?.type === 'option' ? rest.shift() : undefined
      if (flag?.type === 'option' && value === undefined) faults.push(`${word} lacks its value`)
      if (flag?.options && value !== ANY && !flag.options.includes(value ?? ''))
        faults.push(`${word} takes no ${value}`)
    }
  }
  const needed = Object.values(command.args).filter(one => one.required === true).length
  if (given < needed) faults.push('an argument is missing')
  if (given > 0 && Object.keys(command.args).length === 0) faults.push('there are arguments too many')
  return faults
}

describe.skipIf(!existsSync(DIST))('commands in messages', () => {
  // Where commands are made, not one word is known.
  const all = sources(DIST)
    .flatMap(file => commandsIn(readFileSync(file, 'utf8')))
    .filter(([first]) => first !== ANY)

  it('are found', () => expect(all.length).toBeGreaterThan(60))

  it('can be typed as they stand', () => {
    const wrong = all.flatMap(words => faultsOf(words).map(fault => `agw ${words.join(' ')}: ${fault}`))
    expect(wrong).toEqual([])
  })

  it.each([
    [['keys', 'remove'], 'an argument is missing'],
    [['keys', 'set', ANY, '--methd', 'file'], 'no flag --methd'],
    [['keys', 'move', ANY, '--to', 'nowhere'], '--to takes no nowhere'],
    [['keys', 'set', 'NAME'], 'NAME stands for a word'],
    [['serve', 'x'], 'there are arguments too many'],
    [['keyz', 'set'], 'no such command'],
  ])('are judged: %j', (words, fault) => expect(faultsOf(words)).toContain(fault))
})
