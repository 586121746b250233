import { bearer, below, field, limited, type Probe, usualVerdict, WORKS, word } from './probe.ts'

/** Also for a key that is good in another region: those that live for hours are of one. */
const REFUSED_HERE = { result: 'invalid', detail: 'it refuses the key in this region' } as const

const BAD_KEY = /make sure your API Key is valid|invalid API Key format|has expired/i

/**
 * The list of models, which is at another host than the models are.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 */
export function bedrockProbe(region: string): Probe {
  return {
    request: (key, prefix) => ({
      host: `bedrock.${region}.amazonaws.com`,
      path: `${below(prefix, '')}/foundation-models`,
      key: bearer(key),
    }),
    judge: answer => {
      const { status, body } = answer
      const message = word(body, 'Message') || word(body, 'message')
      if (status === 200 && Array.isArray(field(body, 'modelSummaries'))) return WORKS
      if ((status === 401 || status === 403) && BAD_KEY.test(message)) return REFUSED_HERE
      if (status === 403 && /not authorized to perform/i.test(message))
        return limited('it may not list models; whether it may call them is not known')
      return usualVerdict(answer)
    },
  }
}
