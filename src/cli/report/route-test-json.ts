import { formatPath, maskKeys } from '../../config/index.ts'
import type { PolicyExplanation } from '../../gateway/index.ts'
import type { RouteTest } from '../../test-route/test-route.ts'
import { routeAdvice } from './route-advice.ts'

/** The way of a request, as `--json` has it. What is not there is null. */
export function routeTestJson(test: RouteTest): object {
  const {
    explanation,
    destination,
    slot,
    keyMethod,
    isKeyKnown,
    clientKey,
    answer,
    answeredBy = null,
    ok,
  } = test
  const { method, path, host, model = null } = test.request
  const { key } = destination ?? {}
  return {
    request: { method, path, host, model },
    matched: {
      bind: explanation.bind ?? null,
      listener: explanation.listener ?? null,
      route: explanation.route ?? null,
      backend: destination?.backend ?? null,
      provider: destination?.provider ?? null,
      policies: [...new Set(policiesOf(test).map(one => one.name))],
    },
    backends: explanation.destinations.map(one => {
      const { backend: name, path: at, provider = null, share } = one
      return { name, path: at, provider, share }
    }),
    refused: explanation.refused.map(({ backend: name, path, share, status }) => {
      return { name, path, share, status }
    }),
    tried: explanation.tried.map(({ lost = null, ...one }) => ({ ...one, lost })),
    models: explanation.models ?? null,
    policies: policiesOf(test),
    undecided: explanation.undecided,
    key:
      key === undefined
        ? null
        : {
            name: slot?.name ?? key.slot,
            method: keyMethod ?? null,
            path: slot === undefined ? key.slot : formatPath(slot.path),
            fingerprint: isKeyKnown ? key.secret.fingerprint() : null,
            placement: key.placement ?? null,
            level: key.level,
          },
    clientKey:
      clientKey === undefined
        ? null
        : { fingerprint: clientKey.secret.fingerprint(), placement: clientKey.placement },
    upstream: {
      method: destination?.upstream.method ?? null,
      url: destination?.upstream.url ?? null,
      endpoint: destination?.upstream.endpoint ?? null,
      headers: destination?.upstream.headers.map(({ name, value = null }) => ({ name, value })) ?? null,
      body: destination?.upstream.body === undefined ? null : maskKeys(destination.upstream.body),
      status: answer?.status ?? null,
      headersMs: answer?.headersMs ?? null,
      firstByteMs: answer?.firstByteMs ?? null,
      totalMs: answer?.totalMs ?? null,
    },
    mirrors: destination?.mirrors ?? [],
    usage: usageOf(answer),
    answeredBy,
    responseHeaders:
      (answer ?? explanation.answer)?.headers.map(one => ({ ...one, value: maskKeys(one.value) })) ?? null,
    decidedBy: test.decidedBy ?? null,
    response: responseOf(test),
    responseType: answer?.contentType ?? null,
    responseBytes: answer?.bytes ?? null,
    hint: routeAdvice(test) ?? null,
    ok,
  }
}

/** As JSON where it is some, else as the text it is; null where it is none. The gateway's own, where nothing was sent, as text. */
function responseOf({ answer, explanation }: RouteTest): unknown {
  const body = answer === undefined ? explanation.answer?.body : answer.body
  if (body === undefined) return null
  return answer === undefined ? withoutKeys(body) : parsed(withoutKeys(body))
}

/** A text with the known kinds of keys masked, as people are shown it: what has answered may repeat anybody's. */
function withoutKeys(text: string): string {
  return text.split('\n').map(maskKeys).join('\n')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** The provider's own count, from a JSON answer or from the last event of a stream that has one. */
function usageOf(answer: RouteTest['answer']): unknown {
  const text = withoutKeys(answer?.tail ?? answer?.body ?? '')
  const events = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, event = '']) => event)
  for (const one of [text, ...events.reverse()]) {
    const usage = usageIn(parsed(one))
    if (usage !== undefined) return usage
  }
  return null
}

function usageIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const { usage, usageMetadata, response } = value as Readonly<Record<string, unknown>>
  // The last event of OpenAI's Responses API has the whole answer in it.
  return usage ?? usageMetadata ?? usageIn(response)
}

/** Of the gateway, of the route, of the call upstream, in the order in which they run. */
export function policiesOf({ explanation, destination }: RouteTest): Omit<PolicyExplanation, 'asks'>[] {
  const all = [...explanation.policies, ...(destination?.policies ?? [])]
  return all.map(({ phase, name, level, path }) => ({ phase, name, level, path }))
}
