import { isNode } from '../config/rules/tree.ts'
import { gatewayDuration, wholeMs } from './durations.ts'
import { unwritten } from './unwritten.ts'
import { expression, type Words } from './words.ts'

/** `health` as that of a backend. */
export function healthWords(value: unknown): Words {
  const { unhealthyExpression, eviction } = isNode(value) ? value : {}
  const words = {
    ...(unhealthyExpression !== undefined &&
      unhealthyExpression !== null && { unhealthyCondition: expression(unhealthyExpression) }),
    ...(isNode(eviction) && { eviction: evictionWords(eviction) }),
  }
  return words
}

function evictionWords({ duration, consecutiveFailures, healthThreshold, restoreHealth }: Words): Words {
  // The controller fills in 3s, whatever Retry-After says.
  if (duration === undefined || duration === null)
    unwritten('its eviction has no duration: the controller takes 3s then, and does not look at Retry-After')
  const ms = wholeMs(duration) ?? 0
  if (ms < 1000) unwritten('the controller evicts for a second at least')
  const percent = (name: string, share: unknown): Words => {
    if (share === undefined || share === null) return {}
    const hundredths = Math.round(Number(share) * 100)
    if (Math.abs(Number(share) * 100 - hundredths) > 1e-6 || hundredths < 0 || hundredths > 100)
      unwritten(`the controller counts ${name} in hundredths`)
    return { [name]: hundredths }
  }
  return {
    duration: gatewayDuration(duration) ?? unwritten('its duration has no word in the Gateway API'),
    ...(typeof consecutiveFailures === 'number' && { consecutiveFailures }),
    ...percent('healthThreshold', healthThreshold),
    ...percent('restoreHealth', restoreHealth),
  }
}
