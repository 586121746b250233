import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import { type AliasTargets, aliasTargets } from './aliases.ts'
import { shownPath } from './shown-word.ts'
import type { SyntaxFinding } from './syntax.ts'
import { keyText } from './yaml-reading.ts'

/** The file as plain data, and what was wrong on the way. */
export interface PlainData {
  readonly value: unknown
  readonly findings: readonly SyntaxFinding[]
}

/** Values that aliases may unfold to, all told, and how deep a file may nest. */
const MAX_VALUES = 500_000
const MAX_DEPTH = 100

/**
 * YAML tree → plain data, typed as agentgateway's reader (serde_yaml 0.9) types it: a number with a leading zero is
 * text, `<<` is an ordinary key, keys are text. Aliases are followed up to a bound, so that an alias bomb ends in a
 * finding.
 */
export function toPlain(yaml: Document): PlainData {
  const findings: SyntaxFinding[] = []
  // Most files have none, and to look for anchors means to go through all of it.
  let targets: AliasTargets | undefined
  const path: (string | number)[] = []
  let unfolded = 0
  let insideAliases = 0
  const open = new Set<unknown>()
  const stop = (code: string, message: string, hint: string, node: unknown): undefined => {
    const range = (node as { range?: [number, number, number] }).range ?? [0, 0, 0]
    if (findings.length === 0) {
      findings.push({ code, message, hint, path: shownPath([...path]), start: range[0], end: range[1] })
    }
    return undefined
  }
  const below = (step: string | number, node: unknown): unknown => {
    path.push(step)
    const value = convert(node)
    path.pop()
    return value
  }
  const unfold = (alias: Alias): unknown => {
    targets ??= aliasTargets(yaml)
    const target = targets.get(alias)
    if (target === undefined) {
      const message = 'this alias (*name) refers to no anchor (&name) above it'
      return stop('YAML_SYNTAX', message, 'quote the value if the star is meant literally', alias)
    }
    if (open.has(target)) {
      const message = 'this alias (*name) stands inside the value that its anchor (&name) names'
      return stop('YAML_SYNTAX', message, 'write the value out: one that holds itself has no end', alias)
    }
    open.add(target)
    insideAliases += 1
    const value = convert(target)
    insideAliases -= 1
    open.delete(target)
    return value
  }
  const convert = (node: unknown): unknown => {
    if (findings.length > 0) return undefined
    if (insideAliases > 0) unfolded += 1
    if (unfolded > MAX_VALUES) {
      return stop(
        'TOO_LARGE',
        'the aliases of this file unfold to too many values',
        'write the values out, or use fewer aliases',
        node,
      )
    }
    if (path.length > MAX_DEPTH) {
      return stop(
        'TOO_DEEP',
        `this is nested more than ${MAX_DEPTH} levels deep`,
        'look for a bracket that is never closed',
        node,
      )
    }
    if (isAlias(node)) return unfold(node)
    if (isScalar(node)) return scalar(node)
    if (isSeq(node)) return node.items.map((item, index) => below(index, item))
    if (isMap(node)) {
      const out: Record<string, unknown> = {}
      for (const { key, value } of node.items) {
        const name = keyText(key)
        // defineProperty: a key called __proto__ is data like any other.
        Object.defineProperty(out, name, {
          value: below(name, value),
          enumerable: true,
          configurable: true,
          writable: true,
        })
      }
      return out
    }
    return null
  }
  const value = convert(yaml.contents)
  // What was read up to a finding is no config: it would only bring follow-up findings.
  return { value: findings.length === 0 ? value : undefined, findings }
}

function scalar(node: Scalar): unknown {
  const plain = node.type === 'PLAIN' && typeof node.value === 'number'
  return plain && /^[-+]?0\d/.test(node.source ?? '') ? node.source : node.value
}
