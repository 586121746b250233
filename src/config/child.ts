import { isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import { keyText } from './yaml-reading.ts'

/** What stands in a list or map under a step of a path, with its key where it has one. */
export function child(
  parent: Node | undefined,
  step: string | number,
  index: PairIndex,
): { key: Node | undefined; value: unknown } | undefined {
  if (isSeq(parent) && typeof step === 'number') {
    const item = parent.items[step]
    return item === undefined ? undefined : { key: undefined, value: item }
  }
  if (!isMap(parent)) return undefined
  const pair = pairOf(parent, String(step), index)
  return isPair(pair) ? { key: isNode(pair.key) ? pair.key : undefined, value: pair.value } : undefined
}

/** Key → pair, for the long maps that were looked into. */
export type PairIndex = WeakMap<YAMLMap, ReadonlyMap<string, Pair>>
const LONG_MAP = 32

function pairOf(map: YAMLMap, key: string, index: PairIndex): Pair | undefined {
  const isIt = (item: Pair): boolean => isScalar(item.key) && keyText(item.key) === key
  if (map.items.length < LONG_MAP) return map.items.find(isIt)
  let pairs = index.get(map)
  if (pairs === undefined) {
    pairs = new Map(map.items.flatMap(item => (isScalar(item.key) ? [[keyText(item.key), item]] : [])))
    index.set(map, pairs)
  }
  return pairs.get(key)
}
