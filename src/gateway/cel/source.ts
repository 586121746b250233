import { own } from '../../config/own.ts'
import { CALLED, QUALIFIED } from '../../config/rules/cel-names.ts'
import { type Token, tokensOf } from '../../config/rules/cel-tokens.ts'
import { RUST_NAMES } from './texts.ts'

/** Functions that are known by another name where expressions are run. */
const RENAMED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(RUST_NAMES.map(name => [name, `rust_${name}`])),
  existsOne: 'exists_one',
}

/** What the library has, and agentgateway has not. */
const LACKED = new Set(['at', 'base64', 'bool', 'dyn', 'hex'])

/** Namespaces that the library has itself. */
const KEPT_NAMESPACES = new Set(['optional'])

/** What so many tokens are written as where they are run. */
interface Form {
  readonly text: string
  readonly tokens: number
}

/**
 * The expression as it is run: a function of a namespace gets its namespace as the first part of its name
 * (`base64.encode` → `base64_encode`), those that mean something else here get a name of their own, and what the library
 * does not read is written in another way.
 */
export function runnableSource(source: string): string {
  const tokens = tokensOf(source)
  let out = ''
  let from = 0
  for (let i = 0; i < tokens.length; i++) {
    const form = formAt(tokens, i)
    const first = tokens[i]
    const last = tokens[i + (form?.tokens ?? 1) - 1]
    if (form === undefined || first === undefined || last === undefined) continue
    out += source.slice(from, first.at) + form.text
    from = last.at + last.text.length
    i += form.tokens - 1
  }
  return out + source.slice(from)
}

function formAt(tokens: readonly Token[], at: number): Form | undefined {
  const [token, next] = tokens.slice(at, at + 2)
  switch (token?.kind) {
    case 'name':
      return formOfName(tokens, at, token.text)
    case 'number':
      return token.text.startsWith('.') ? { text: ` 0${token.text}`, tokens: 1 } : undefined
    case 'text':
      return /^br/i.test(token.text) ? { text: withoutRaw(token.text), tokens: 1 } : undefined
    case 'sign':
      if (token.text !== '.') return undefined
      if (next?.kind === 'quotedName') return { text: `["${next.text.slice(1, -1)}"]`, tokens: 2 }
      return isBehindValue(tokens[at - 1]) ? undefined : { text: ' ', tokens: 1 }
    default:
      return undefined
  }
}

/** Bytes that are written raw, with their backslashes escaped. */
function withoutRaw(text: string): string {
  return `b${text.slice(2).replaceAll('\\', '\\\\')}`
}

/** A dot behind it takes a field; any other one stands before a name of the context, and says nothing more. */
function isBehindValue(before: Token | undefined): boolean {
  if (before === undefined) return false
  return before.kind === 'sign' ? ')]}'.includes(before.text) : before.text !== 'in'
}

function formOfName(tokens: readonly Token[], at: number, name: string): Form | undefined {
  if (isVariables(tokens, at)) return { text: name, tokens: 3 }
  const space = namespaceAt(tokens, at)
  if (space !== undefined) return { text: space, tokens: 3 }
  if (tokens[at + 1]?.text !== '(') return undefined
  // Nothing is called so: what fails in agentgateway fails here.
  const isLacked = LACKED.has(name) || (CALLED.has(name) && tokens[at - 1]?.text === '.')
  const renamed = isLacked ? `lacked_${name}` : own(RENAMED, name)
  return renamed === undefined ? undefined : { text: renamed, tokens: 1 }
}

/** `variables()`, which is a name of the context. */
function isVariables(tokens: readonly Token[], at: number): boolean {
  const [name, open, close] = tokens.slice(at, at + 3)
  return (
    name?.text === 'variables' && open?.text === '(' && close?.text === ')' && tokens[at - 1]?.text !== '.'
  )
}

/** `base64_encode` where `base64.encode(` starts. */
function namespaceAt(tokens: readonly Token[], at: number): string | undefined {
  const [space, dot, name, open] = tokens.slice(at, at + 4)
  if (space === undefined || name === undefined || dot?.text !== '.' || open?.text !== '(') return undefined
  if (tokens[at - 1]?.text === '.' || !Object.hasOwn(QUALIFIED, space.text)) return undefined
  if (KEPT_NAMESPACES.has(space.text)) return undefined
  return QUALIFIED[space.text]?.includes(name.text) ? `${space.text}_${name.text}` : undefined
}

/**
 * Whether an expression may look into one of these fields of a variable. In whatever way it is written: all but a plain
 * `name.other` counts, for a rule that was not given what it asks about would be no rule.
 */
export function mayUse(source: string, variable: string, fields: RegExp): boolean {
  const tokens = tokensOf(source)
  return tokens.some(({ kind, text }, at) => {
    if (kind !== 'name') return false
    // The whole context.
    if (text === 'variables') return true
    if (text !== variable) return false
    const [dot, field] = tokens.slice(at + 1, at + 3)
    return dot?.text !== '.' || field?.kind !== 'name' || fields.test(field.text)
  })
}
