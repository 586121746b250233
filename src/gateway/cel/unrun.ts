import { METHODS, QUALIFIED } from '../../config/rules/cel-names.ts'
import { type Expr, parseCel } from '../../config/rules/cel-syntax.ts'

/** What agentgateway has and this does not; a list of its own, so that a check loads nothing that evaluates expressions. */
const UNRUN: ReadonlySet<string> = new Set(['precompiled_matches'])

/**
 * Functions of agentgateway that an expression uses and that are not run here. One that nobody knows is no concern of
 * this: the expression fails in both. Empty for an expression that does not compile.
 */
export function unrunFunctions(source: string): string[] {
  const found = new Set<string>()
  try {
    look(parseCel(source), found)
  } catch {
    return []
  }
  return [...found]
}

function look(expr: Expr, found: Set<string>): void {
  switch (expr.kind) {
    case 'field':
      return look(expr.of, found)
    case 'index':
      look(expr.of, found)
      return look(expr.by, found)
    case 'call':
      note(expr, found)
      if (expr.of !== undefined) look(expr.of, found)
      for (const arg of expr.args) look(arg, found)
      return
    case 'message':
    case 'other':
      for (const part of expr.parts) look(part, found)
      return
    case 'name':
    case 'text':
  }
}

function note({ of, name }: Extract<Expr, { kind: 'call' }>, found: Set<string>): void {
  const space = of?.kind === 'name' && Object.hasOwn(QUALIFIED, of.name) ? of.name : undefined
  if (space !== undefined) {
    const known = QUALIFIED[space]?.includes(name) === true
    if (known && UNRUN.has(`${space}_${name}`)) found.add(`${space}.${name}`)
  } else if (METHODS.includes(name) && UNRUN.has(name)) found.add(name)
}
