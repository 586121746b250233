import { parametersOf } from '../../query.ts'
import { Absent } from './absent.ts'
import type { Handler } from './handler.ts'

/** `/path?a=1` → `/path` and `a=1`; undefined where there is no query. */
function parted(address: string): readonly [path: string, query: string | undefined] {
  const mark = address.indexOf('?')
  return mark < 0 ? [address, undefined] : [address.slice(0, mark), address.slice(mark + 1)]
}

/** The values of one parameter, decoded. */
function query(address: string, name: string): string[] {
  const values = parametersOf(parted(address)[1] ?? '').getAll(name)
  if (values.length === 0) throw new Absent('no such parameter')
  return values
}

/** The address with another parameter behind those it has; all of them are encoded anew. */
function addQuery(address: string, name: string, value: string): string {
  const [path, before = ''] = parted(address)
  const parameters = parametersOf(before)
  parameters.append(name, value)
  return `${path}?${parameters.toString()}`
}

/** The same, in place of those of this name. */
function setQuery(address: string, name: string, value: string): string {
  const [path, before = ''] = parted(address)
  // `delete` moves all that is behind each that goes.
  const others = [...parametersOf(before)].filter(([other]) => other !== name)
  const parameters = new URLSearchParams([...others, [name, value]])
  return `${path}?${parameters.toString()}`
}

/** Of `request.uri` and `request.pathAndQuery`, which are texts here. */
export const QUERY_FUNCTIONS: readonly (readonly [string, Handler])[] = [
  ['string.query(string): list<string>', query],
  ['string.addQuery(string, string): string', addQuery],
  ['string.setQuery(string, string): string', setQuery],
]
