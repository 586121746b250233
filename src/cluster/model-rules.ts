import type { Path } from '../config/index.ts'
import { matchesModel } from '../config/rules/model-patterns.ts'
import { isNode, isSet, listAt, nodesAt, textAt } from '../config/rules/tree.ts'
import { ruleWords } from './rules.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import type { Words } from './words.ts'

/**
 * The `authorization` of a model, for the rule of its route. There its rules count together with those of the section, so
 * what its own allow is required there.
 */
export function modelRules({ taken }: ExportScene, path: Path): readonly Words[] {
  const at = [...path, 'authorization']
  if (!isSet(taken.look(...at))) return []
  return (
    taken.attempt(at, () => {
      requireAlone(taken.look('llm'), Number(path.at(-1)))
      const rules = listAt(taken.takeFree(...at), 'rules').map(rule =>
        isNode(rule) ? rule : { allow: rule },
      )
      const allowed = rules.flatMap(({ allow }) => (typeof allow === 'string' ? [allow] : []))
      const others = rules.filter(({ allow }) => typeof allow !== 'string')
      return ruleWords({ rules: [...others, ...(allowed.length > 0 ? [{ require: anyOf(allowed) }] : [])] })
    }) ?? []
  )
}

/** One of them holds; one that fails does not, as where each is a rule. A comment in one ends with its line. */
function anyOf([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : [first, ...others].map(text => `(${text}\n)`).join(' || ')
}

/** Throws {@link Unwritten} where the rules look at another request there, or where what they refuse goes on here. */
function requireAlone(llm: unknown, index: number): void {
  if (isSet(Object(Object(llm)['policies'])['transformations']))
    unwritten('the transformations of the section come behind it there, and before it here')
  const models = nodesAt(llm, 'models').filter(([one]) => textAt(one, 'visibility') !== 'internal')
  const own = models.find(([, at]) => at === index)
  const name = textAt(own?.[0], 'name') ?? '*'
  const next = models.find(([one, at]) => at !== index && meet(name, textAt(one, 'name') ?? '*'))
  if (next !== undefined)
    unwritten(`a request that it refuses goes to model ${next[1] + 1} of the list here, and to none there`)
}

/** Whether a name may fit both; of two patterns it is taken for granted. */
function meet(a: string, b: string): boolean {
  if (a.includes('*') && b.includes('*')) return true
  return matchesModel(a, b) || matchesModel(b, a)
}
