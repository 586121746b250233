import type { Path } from '../../config/diagnostic.ts'
import type { AuthorizationLocation } from '../../config/schema.ts'
import { parametersOf } from '../../query.ts'
import type { Cel, Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import { removeRequestCookie, removeRequestHeader } from '../headers/request-edits.ts'
import { withoutParameters } from '../llm/llm-path.ts'
import { noteCredential } from '../telemetry/client-credentials.ts'
import { type NamedPlace, namedPlace } from './named-place.ts'

/** Where a client puts its credential. */
export interface CredentialPlace {
  /** Undefined when there is none. */
  find(exchange: Exchange): string | undefined
  /** Takes it out, so that nobody further on sees it; what an expression found stays where it was. */
  remove(exchange: Exchange): void
  /** Undefined where an expression finds it. */
  readonly named: NamedPlace | undefined
  /** The body has to be here to find it. */
  readonly usesBody?: boolean
}

/** Compiles a `location`. Throws CONFIG_INVALID for an expression that does not compile. */
export function compileLocation(location: AuthorizationLocation, path: Path, cel: Cel): CredentialPlace {
  const named = namedPlace(location)
  if (named === undefined)
    return byExpression(cel.compile(location.expression ?? '', [...path, 'expression']))
  return { named, ...lookupIn(named) }
}

type Lookup = Pick<CredentialPlace, 'find' | 'remove'>

function lookupIn(place: NamedPlace): Lookup {
  if ('header' in place) return inHeader(place.header, place.prefix.toLowerCase())
  return 'cookie' in place ? inCookie(place.cookie) : inQuery(place.parameter)
}

function inHeader(name: string, prefix: string): Lookup {
  return {
    find({ headers, rawHeaders }) {
      const joined = headers[name]
      if (typeof joined !== 'string') return undefined
      const value = joined.includes(',') ? firstOf(rawHeaders, name) : joined
      // The scheme of an Authorization header may be written in any case.
      if (value.slice(0, prefix.length).toLowerCase() !== prefix) return undefined
      return value.slice(prefix.length)
    },
    remove: exchange => removeRequestHeader(exchange.request, name),
  }
}

/** Of several headers of one name the first; Node has joined them. */
function firstOf(rawHeaders: readonly string[], name: string): string {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name)
  return rawHeaders[at + 1] ?? ''
}

function inQuery(name: string): Lookup {
  const names = new Set([name])
  return {
    find: ({ query }) => (query === '' ? undefined : (parametersOf(query).get(name) ?? undefined)),
    remove(exchange) {
      exchange.query = withoutParameters(exchange.query, names)
    },
  }
}

function inCookie(name: string): Lookup {
  const start = `${name}=`
  return {
    find({ headers }) {
      for (const part of headers.cookie?.split(';') ?? []) {
        const text = part.trim()
        if (text.startsWith(start)) return text.slice(start.length)
      }
      return undefined
    },
    remove: exchange => removeRequestCookie(exchange.request, name),
  }
}

function byExpression(expression: Expression): CredentialPlace {
  return {
    named: undefined,
    usesBody: expression.usesBody,
    find(exchange) {
      try {
        const value = expression.evaluate(celContext(exchange))
        // As in agentgateway, a whole number is as good as its digits.
        const text = typeof value === 'bigint' ? String(value) : value
        if (typeof text !== 'string') return undefined
        noteCredential(exchange, text)
        if (expression.usesBody) exchange.bodyMayTell = true
        return text
      } catch {
        return undefined
      }
    },
    remove() {},
  }
}
