import { own } from '../../config/own.ts'
import { QUALIFIED } from '../../config/rules/cel-names.ts'
import { type Token, tokensOf } from '../../config/rules/cel-tokens.ts'
import { RUST_NAMES } from './texts.ts'

/** Functions that are known by another name where expressions are run. */
const RENAMED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(RUST_NAMES.map(name => [name, `rust_${name}`])),
  existsOne: 'exists_one',
}

/** Namespaces that the library has itself. */
const KEPT_NAMESPACES = new Set(['optional'])

/**
 * The expression as it is run: a function of a namespace gets its namespace as the first part of its name
 * (`base64.encode` → `base64_encode`), and those that mean something else here get a name of their own.
 */
export function runnableSource(source: string): string {
  const tokens = tokensOf(source)
  let out = ''
  let from = 0
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token === undefined || token.kind !== 'name') continue
    if (isVariables(tokens, i)) {
      const close = tokens[i + 2]?.at ?? token.at
      out += source.slice(from, token.at) + token.text
      from = close + 1
      i += 2
      continue
    }
    const space = namespaceAt(tokens, i)
    const renamed = space ?? (tokens[i + 1]?.text === '(' ? own(RENAMED, token.text) : undefined)
    if (renamed === undefined) continue
    const last = space === undefined ? token : tokens[i + 2]
    out += source.slice(from, token.at) + renamed
    from = (last?.at ?? token.at) + (last?.text.length ?? 0)
    if (space !== undefined) i += 2
  }
  return out + source.slice(from)
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
