import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { AgwFile, ConfigDocument, KeySlot, SecretEntry, SourcePlaces } from '../config/index.ts'

/** A slot, and all that could have its key in common with it. */
export interface Neighbours {
  readonly slot: KeySlot
  readonly slots: readonly KeySlot[]
  readonly document: ConfigDocument
  readonly agw: AgwFile | undefined
  /** The dotenv file, absolute. */
  readonly dotenv: string | undefined
  /** What relative key files are resolved against. */
  readonly cwd: string
  /** Of the config. */
  readonly folder: string
}

/** What else has the very value that a slot has, each as a person would call it. */
interface Sharers {
  /** Other places of the config that have the slot's variable or file. */
  readonly byReference: readonly string[]
  /** What comes to the same stored value by another variable or file. */
  readonly byPlace: readonly string[]
}

/** A key that stands in the config itself is stored for one place only. */
function sharersOf(neighbours: Neighbours): Sharers {
  const { slot, slots, agw } = neighbours
  const own = placeOf(slot, neighbours)
  if (own === undefined) return { byReference: [], byPlace: [] }
  const others = slots.filter(one => !isDeepStrictEqual(one.path, slot.path))
  const same = others.filter(one => placeOf(one, neighbours) === own)
  const isSameReference = (one: KeySlot): boolean => one.variable === slot.variable
  const known = new Set([slot, ...others].map(one => one.variable))
  const entries = [...(agw?.entries.values() ?? [])].filter(
    entry => !known.has(entry.variable) && entryPlace(entry, neighbours) === own,
  )
  return {
    byReference: [
      ...same.filter(isSameReference).map(one => one.name),
      ...(slot.variable === undefined ? [] : usesBesideSlots(slot.variable, neighbours)),
    ],
    byPlace: [
      ...same.filter(one => !isSameReference(one)).map(one => one.name),
      ...entries.map(({ variable }) => `$${variable} of agw.yaml`),
    ],
  }
}

/** All that loses its key when what is stored for a slot goes; empty where nothing does. */
export function losersWith(neighbours: Neighbours): string {
  const { byReference, byPlace } = sharersOf(neighbours)
  return listed([...byReference, ...byPlace])
}

/**
 * All that still needs the old place of a key, when its slot refers to `variable` from now on: who has that variable too
 * finds the key where the slot does. Empty where nothing does.
 */
export function leftBehind(neighbours: Neighbours, variable: string | undefined): string {
  const { byReference, byPlace } = sharersOf(neighbours)
  const goAlong = variable !== undefined && variable === neighbours.slot.variable
  return listed([...(goAlong ? [] : byReference), ...byPlace])
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** Places of the config that use a variable and are no key slots. */
function usesBesideSlots(name: string, { slots, document }: Neighbours): string[] {
  const taken = slots.filter(one => one.variable === name).map(one => document.rangeOf(one.path))
  const found = document.variables.filter(
    use =>
      use.name === name &&
      !taken.some(({ start, end }) => use.start >= start.offset && use.end <= end.offset),
  )
  return [...new Set(found.map(use => `${document.file}:${document.lines.position(use.start).line}`))]
}

/** Where the value of a slot is stored, as text to compare; undefined for one that is stored nowhere else. */
function placeOf({ file, variable }: KeySlot, neighbours: Neighbours): string | undefined {
  if (file !== undefined) return `file ${resolve(neighbours.cwd, file)}`
  if (variable === undefined) return undefined
  const entry = neighbours.agw?.entries.get(variable)
  return entry === undefined ? `dotenv ${neighbours.dotenv} ${variable}` : entryPlace(entry, neighbours)
}

function entryPlace({ kind, where, variable }: SecretEntry, { folder }: Neighbours): string {
  if (kind === 'file') return `file ${resolve(folder, (where as SourcePlaces['file']).path)}`
  if (kind === 'dotenv' || kind === 'encrypted') {
    const { file = '.env', name = variable } = where as SourcePlaces['dotenv']
    return `${kind} ${resolve(folder, file)} ${name}`
  }
  return JSON.stringify([kind, where])
}
