import { AgwError } from '../errors.ts'
import type { AccessEvent } from '../gateway/index.ts'
import { withoutLastWord } from './answer-text.ts'
import type { TimedAnswer } from './send-request.ts'

/** What the gateway says of a call upstream → what to do about it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/connection refused/, 'is it running, and are host and port in the config right?'],
  [/DNS resolution/, 'look at the host name in the config, and at the network of this machine'],
  [
    /unreachable|no local address/,
    'look at the network of this machine, and at a proxy or firewall on the way',
  ],
  [
    /TLS: .*(?:issuer|self-signed|cannot be verified)/,
    'if the certificate is your own, name its CA in NODE_EXTRA_CA_CERTS',
  ],
  [/TLS:/, "look at the host in the config and at the provider's certificate"],
  [/timeout/, 'try again, or allow more time in the timeout policy of the route'],
  [/not HTTP|illegal|as long as it says|too large/, 'is that an HTTP API, and the right port of it?'],
]
/** The gateway's own words for a host whose name nobody knows, which it counts as no backend at all. */
const UNKNOWN_NAME = /^backends required DNS resolution/
/** Of an answer's own words. Characters. */
const MOST = 200
const OTHERWISE = 'try again; when it stays, look at the provider'

/**
 * The failure that a gateway's own answer stands for, when it had none of the upstream's to pass on; `undefined` when
 * the upstream did answer. Without an event (a gateway that runs already) the answer's own words tell.
 */
export function upstreamTrouble(
  answer: TimedAnswer,
  event: Pick<AccessEvent, 'reason' | 'endpoint'> | undefined,
  otherwise: string,
): AgwError | undefined {
  const whole = (answer.body ?? '').trim()
  const text = whole.length > MOST ? `${withoutLastWord(whole.slice(0, MOST))}…` : whole
  const isOwn =
    event === undefined
      ? answer.status >= 502 &&
        answer.contentType.startsWith('text/plain') &&
        (/^upstream call (?:failed|timeout)/.test(text) || UNKNOWN_NAME.test(text))
      : event.reason === 'UpstreamFailure' ||
        event.reason === 'Timeout' ||
        (event.reason === 'NoHealthyBackend' && UNKNOWN_NAME.test(text))
  if (!isOwn) return undefined
  const hint = ADVICE.find(([pattern]) => pattern.test(text))?.[1] ?? OTHERWISE
  const where = event?.endpoint ?? otherwise
  return new AgwError('UPSTREAM_FAILED', `no answer from ${where}: ${text}`, { hint })
}
