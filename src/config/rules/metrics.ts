import { labelProblem, METRIC_PREFIX, REMOVABLE_METRICS, removalNames } from './metric-names.ts'
import type { PlaceRule, Report } from './rule.ts'
import { listAt, nodeAt, pathOf } from './tree.ts'
import { meant, shown } from './words.ts'

/** One name of each, as `remove` knows it. */
const NAMES = REMOVABLE_METRICS.map(name => name.replace(/_info$/, ''))
const REMOVABLE: ReadonlySet<string> = new Set(REMOVABLE_METRICS.flatMap(removalNames))

/** `config.metrics`: labels that make the page unreadable, and names of metrics that are none. */
const metrics: PlaceRule = {
  keys: ['metrics'],
  judge(place, { report }) {
    const path = pathOf(place)
    if (path.length !== 2 || path[0] !== 'config') return
    const added = nodeAt(place.value, 'fields', 'add') ?? {}
    for (const name of Object.keys(added)) judgeLabel(name, [...path, 'fields', 'add', name], report)
    for (const [index, name] of listAt(place.value, 'remove').entries()) {
      if (typeof name === 'string') judgeRemoval(name, [...path, 'remove', index], report)
    }
  },
}

function judgeLabel(name: string, path: readonly (string | number)[], report: Report): void {
  const problem = labelProblem(name)
  if (problem === undefined) return
  const what =
    problem === 'taken'
      ? `metrics have a label ${JSON.stringify(name)} already`
      : problem === 'reserved'
        ? 'labels that begin with two underscores are for Prometheus itself'
        : `${shown(name, 'this')} is no name of a label`
  report({
    code: 'UNREADABLE_LABEL',
    path,
    at: 'key',
    message: `${what}: agentgateway writes it as it stands, and agw serve leaves it out`,
    hint: problem === 'syntax' ? spelling(name) : 'choose another name',
  })
}

function spelling(name: string): string {
  const rule = 'write letters, digits and underscores'
  const better = name.replaceAll(/[.\-/ ]/g, '_')
  const isTold = labelProblem(better) === undefined && shown(name, '') !== ''
  return isTold ? `${rule}: ${better}` : `${rule}, and no digit first`
}

function judgeRemoval(name: string, path: readonly (string | number)[], report: Report): void {
  if (REMOVABLE.has(name)) return
  report({
    code: 'UNKNOWN_METRIC',
    path,
    message: `${shown(name, 'this')} is the name of no metric that can be left out, so nothing is`,
    hint: insteadOf(name.startsWith(METRIC_PREFIX) ? name.slice(METRIC_PREFIX.length) : name),
  })
}

function insteadOf(name: string): string {
  if (name === 'build_info') return 'write build, as agentgateway calls it here'
  if (name === 'config_synchronized') return 'take it out: this one is always told'
  return meant(name, NAMES, `the metrics are: ${NAMES.join(', ')}`)
}

export const METRIC_RULES: readonly PlaceRule[] = [metrics]
