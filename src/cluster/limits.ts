import { isNode, listAt } from '../config/rules/tree.ts'
import { wholeMs } from './durations.ts'
import { unwritten } from './unwritten.ts'
import { conditional, type Words } from './words.ts'

const UNITS: ReadonlyMap<number, string> = new Map([
  [1000, 'Seconds'],
  [60_000, 'Minutes'],
  [3_600_000, 'Hours'],
])
/** The fields are int32. */
const MOST = 2 ** 31 - 1

/** `localRateLimit` as `rateLimit` of a policy; nothing for no limit. */
export function limitWords(value: unknown): Words | undefined {
  const entries = listAt(value, 'conditional')
  if (entries.length > 0)
    return { rateLimit: { conditional: conditional(entries, one => ({ local: [bucket(one)] })) } }
  if (!Array.isArray(value)) unwritten('it is no list of limits')
  if (value.length === 0) return undefined
  // processLocalRateLimitTraffic in the controller's traffic_plugin.go (1.4.1) has it as a TODO.
  if (value.length > 1) unwritten('of several limits the controller obeys the first alone')
  return { rateLimit: { local: [bucket(value[0])] } }
}

/** There a bucket holds what is filled in at once and a burst on top; the interval is a second, a minute or an hour. */
function bucket(limit: unknown): Words {
  const { maxTokens, tokensPerFill, fillInterval, type } = isNode(limit) ? limit : {}
  const unit = UNITS.get(wholeMs(fillInterval) ?? 0)
  if (unit === undefined) unwritten('the controller fills each second, minute or hour, and never else')
  if (!isCount(maxTokens) || !isCount(tokensPerFill) || tokensPerFill < 1 || maxTokens < tokensPerFill)
    unwritten('the controller has no word for a bucket of this size')
  const burst = maxTokens - tokensPerFill
  return {
    [type === 'tokens' ? 'tokens' : 'requests']: tokensPerFill,
    unit,
    ...(burst > 0 && { burst }),
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST
}
