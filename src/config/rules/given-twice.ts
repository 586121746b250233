import type { Path } from '../diagnostic.ts'
import type { FileContext, FileRule } from './rule.ts'
import { type Node, nodesAt, textAt } from './tree.ts'
import { lineOf, shown } from './words.ts'

/** Names that stand twice: agentgateway refuses some, and of others keeps one without a word. */
export const givenTwice: FileRule = context => {
  const { data, scene } = context
  const lists: readonly [Path, 'refused' | 'last' | 'first', (node: Node) => string | undefined][] = [
    [['llm', 'providers'], 'refused', node => textAt(node, 'name')],
    [['llm', 'models'], 'refused', node => textAt(node, 'id')],
    [['llm', 'virtualModels'], 'first', node => textAt(node, 'name')],
    [['backends'], 'last', node => textAt(node, 'name')],
    [['routeGroups'], 'last', node => textAt(node, 'name')],
    [['policies'], 'last', node => `${textAt(node, 'name', 'namespace')}/${textAt(node, 'name', 'name')}`],
  ]
  for (const [path, outcome, nameOf] of lists) {
    const entries = nodesAt(data, ...path).map(([node, index]) => ({
      name: nameOf(node),
      path: [...path, index],
    }))
    judge(entries, outcome, context)
  }
  for (const [bind, index] of nodesAt(data, 'binds')) {
    const path = ['binds', index, 'listeners']
    const entries = nodesAt(bind, 'listeners').map(([node, at]) => ({
      name: textAt(node, 'name'),
      path: [...path, at],
    }))
    judge(entries, 'last', context)
  }
  const gateways = scene.listeners.filter(
    listener => listener.path.length === 4 && listener.path[0] === 'gateways',
  )
  judge(gateways, 'last', context)
  for (const { served } of [...scene.listeners, ...scene.groups]) {
    const routes = served.filter(one => one.what === 'route')
    judge(
      routes.map(({ key, path }) => ({ name: key.replace(/^default\//, ''), path })),
      'last',
      context,
    )
  }
}

interface Entry {
  readonly name: string | undefined
  readonly path: Path
}

function judge(
  entries: readonly Entry[],
  outcome: 'refused' | 'last' | 'first',
  { document, report }: FileContext,
): void {
  const before = new Map<string, Path>()
  for (const { name, path } of entries) {
    if (name === undefined) continue
    const rival = before.get(name)
    if (rival === undefined || outcome === 'last') before.set(name, path)
    if (rival === undefined) continue
    const who = `${shown(name, 'this name')} stands in ${lineOf(document, rival)} already`
    if (outcome === 'refused') {
      report({ code: 'DUPLICATE_NAME', path, message: who, hint: 'give one of the two another name' })
      continue
    }
    report({
      code: 'NAME_REPLACED',
      path,
      message: `${who}, and ${outcome === 'last' ? 'this one takes its place' : 'this one is never used'}`,
      hint: 'give one of the two another name, or remove it',
    })
  }
}
