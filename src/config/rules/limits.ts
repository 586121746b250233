import { milliseconds } from '../duration.ts'
import type { PlaceRule, Report } from './rule.ts'
import { isNode, isSet, listAt, type Node, nodesAt, pathOf, valueAt } from './tree.ts'

type Path = (string | number)[]

/** Token buckets that are too small, never filled, or cannot be filled. */
const buckets: PlaceRule = {
  keys: ['localRateLimit'],
  judge(place, { report }) {
    const path = pathOf(place)
    const conditional = isNode(place.value)
    const base = conditional ? [...path, 'conditional'] : path
    for (const [bucket, index] of nodesAt(conditional ? place.value['conditional'] : place.value)) {
      judgeBucket(bucket, [...base, index], report)
    }
  },
}

function judgeBucket(bucket: Node, path: Path, report: Report): void {
  const size = bucket['maxTokens'] ?? 0
  const fill = bucket['tokensPerFill'] ?? 0
  if (typeof size !== 'number' || typeof fill !== 'number') return
  if (milliseconds(bucket['fillInterval']) === 0) {
    report({
      code: 'RATE_LIMIT_INTERVAL',
      path: [...path, 'fillInterval'],
      message: 'the bucket cannot be filled every 0 seconds: each request ends in an error',
      hint: 'write how often tokensPerFill are added, as in 1s or 1m',
    })
  }
  if (size < fill) {
    report({
      code: 'RATE_LIMIT_SIZE',
      path: isSet(bucket['maxTokens']) ? [...path, 'maxTokens'] : path,
      message: `maxTokens is ${isSet(bucket['maxTokens']) ? 'less than tokensPerFill' : '0 when it is left out, and so less than tokensPerFill'}`,
      hint: 'make maxTokens at least as large as tokensPerFill: it is what the bucket holds',
    })
  } else if (size === 0) {
    report({
      code: 'RATE_LIMIT_BLOCKS',
      path: isSet(bucket['maxTokens']) ? [...path, 'maxTokens'] : path,
      message: 'the bucket holds nothing, so every request is refused',
      hint: 'write what the bucket holds in maxTokens, and what is added each interval in tokensPerFill',
    })
  } else if (fill === 0) {
    report({
      code: 'RATE_LIMIT_NEVER_FILLS',
      path: isSet(bucket['tokensPerFill']) ? [...path, 'tokensPerFill'] : path,
      message:
        'nothing is ever added to the bucket: once it is empty, every request is refused until a restart',
      hint: 'write in tokensPerFill what is added each fillInterval',
    })
  }
}

/** Statuses that ask for another try, but never do, or always. */
const retryCodes: PlaceRule = {
  keys: ['retry'],
  judge(place, { report }) {
    if (!isNode(place.value) || !Array.isArray(place.value['codes'])) return
    const path = [...pathOf(place), 'codes']
    const codes = listAt(place.value, 'codes')
    if (codes.length === 0 && !isSet(place.value['condition'])) {
      report({
        code: 'RETRY_CODES',
        path,
        message: 'no answer is ever tried again, only connections that fail',
        hint: 'name statuses such as 429, 500, 502, 503 and 504',
      })
    }
    for (const [index, code] of codes.entries()) {
      if (typeof code !== 'number' || code < 100 || code >= 400) continue
      report({
        code: 'RETRY_CODES',
        path: [...path, index],
        message: `${code} is no failure, and the answer to it is thrown away to ask again`,
        hint: 'name statuses of failures only, such as 429, 500, 502, 503 and 504',
      })
    }
  },
}

/** The time for one try is longer than that for all of them. */
const timeoutOrder: PlaceRule = {
  keys: ['timeout'],
  judge(place, { report }) {
    const all = milliseconds(valueAt(place.value, 'requestTimeout'))
    const one = milliseconds(valueAt(place.value, 'backendRequestTimeout'))
    if (all === undefined || one === undefined || one <= all) return
    report({
      code: 'TIMEOUT_ORDER',
      path: [...pathOf(place), 'backendRequestTimeout'],
      message: 'the time for one try is longer than requestTimeout, which ends the request before it',
      hint: 'make backendRequestTimeout the shorter one, with room for the tries in requestTimeout',
    })
  },
}

/** Health is a number from 0 to 1. */
const healthScores: PlaceRule = {
  keys: ['eviction'],
  judge(place, { report }) {
    for (const key of ['healthThreshold', 'restoreHealth']) {
      const score = valueAt(place.value, key)
      if (typeof score !== 'number' || (score >= 0 && score <= 1)) continue
      report({
        code: 'BAD_NUMBER',
        path: [...pathOf(place), key],
        message: `"${key}" takes a number from 0 to 1`,
        hint: 'write a share, as in 0.5',
      })
    }
  },
}

export const LIMIT_RULES: readonly PlaceRule[] = [buckets, retryCodes, timeoutOrder, healthScores]
