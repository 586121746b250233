import type { Path } from '../../config/diagnostic.ts'
import { own } from '../../config/own.ts'
import { isObject } from '../../json.ts'

/** A part of a config that the embedded gateway does not run. */
export interface Unsupported {
  readonly path: Path
  /** Goes on from "does not run": `"retry"`, `listeners of protocol TCP`. */
  readonly what: string
  /** What to do, where there is something that does the same here. */
  readonly instead?: string | undefined
}

/** What to do with everything else that is not run. */
export const WITHOUT_IT = 'run this config with the agentgateway binary, or take it out'

/** Told of a part of a config that is not run, which is described as `what`, and of what does the same here. */
export type Report = (path: Path, what: string, instead?: string) => void

/**
 * Looks at one place of the config and reports what of it is not run. The schema has checked its shape. `onIdentity` is told
 * of each provider that an identity of the machine would be shown to where no level of the config gives a key.
 */
export type Support = (value: unknown, path: Path, report: Report, onIdentity: () => void) => void

export type Fields = Readonly<Record<string, Support>>

/** Run as it is, whatever stands there. */
export const runs: Support = () => {}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** A map of which exactly these keys are run; any other that is set is reported. */
export function section(fields: Fields): Support {
  return (value, path, report, onIdentity) => {
    if (!isObject(value)) return
    for (const [key, content] of Object.entries(value)) {
      if (isAbsent(content)) continue
      const support = own(fields, key)
      if (support === undefined) report([...path, key], `"${key}"`)
      else support(content, [...path, key], report, onIdentity)
    }
  }
}

/** A list, or a map with names as keys, of things that are each looked at. */
export function each(support: Support): Support {
  return (value, path, report, onIdentity) => {
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) support(item, [...path, index], report, onIdentity)
    else if (isObject(value))
      for (const [key, item] of Object.entries(value)) support(item, [...path, key], report, onIdentity)
  }
}

/** Values of which only those are run that `verdict` has nothing to say about. */
export function unless(verdict: (value: unknown) => string | undefined, otherwise: Support = runs): Support {
  return (value, path, report, onIdentity) => {
    const what = verdict(value)
    if (what === undefined) otherwise(value, path, report, onIdentity)
    else report(path, what)
  }
}

/** Only this value. */
export function only(wanted: unknown, noun: string): Support {
  return unless(value => (value === wanted ? undefined : `${noun} ${String(value)}`))
}
