import { own } from '../../config/own.ts'
import { QUALIFIED } from '../../config/rules/cel-names.ts'
import { type Token, tokensOf } from '../../config/rules/cel-tokens.ts'

/** Functions that are known by another name where expressions are run. */
const RENAMED: Readonly<Record<string, string>> = { matches: 'rust_matches', existsOne: 'exists_one' }

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

/** `base64_encode` where `base64.encode(` starts. */
function namespaceAt(tokens: readonly Token[], at: number): string | undefined {
  const [space, dot, name, open] = tokens.slice(at, at + 4)
  if (space === undefined || name === undefined || dot?.text !== '.' || open?.text !== '(') return undefined
  if (tokens[at - 1]?.text === '.' || !Object.hasOwn(QUALIFIED, space.text)) return undefined
  return QUALIFIED[space.text]?.includes(name.text) ? `${space.text}_${name.text}` : undefined
}
