import type { PresetName } from './presets.ts'
import {
  bearer,
  below,
  field,
  modelList,
  type Probe,
  REFUSED,
  unclear,
  usualVerdict,
  WORKS,
  word,
} from './probe.ts'

const list = modelList({ isPublic: false })

/** Tells of the key itself, which the list of models, open to all, does not: https://openrouter.ai/docs/api-reference/limits */
const openrouter: Probe = {
  request: (key, prefix) => ({ path: `${below(prefix, '/api/v1')}/key`, key: bearer(key) }),
  judge: answer =>
    answer.status === 200 && field(answer.body, 'data') !== undefined ? WORKS : usualVerdict(answer),
}

/** Tells of the key itself, and whether it is switched off: https://docs.x.ai/docs/api-reference */
const xai: Probe = {
  request: (key, prefix) => ({ path: `${below(prefix, '/v1')}/api-key`, key: bearer(key) }),
  judge: answer => {
    const { status, body } = answer
    const isOff = ['api_key_blocked', 'api_key_disabled', 'team_blocked'].some(
      one => field(body, one) === true,
    )
    if (status === 200 && isOff) return { ...REFUSED, detail: 'it has blocked the key' }
    if (status === 200 && field(body, 'redacted_api_key') !== undefined) return WORKS
    if (status === 400 && body !== undefined) return REFUSED
    return usualVerdict(answer)
  },
}

/** Connectors are old, and asking for them needs a key: https://docs.cohere.com/reference/list-connectors */
const cohere: Probe = {
  request: (key, prefix) => ({ path: `${below(prefix, '')}/v1/connectors`, key: bearer(key) }),
  judge: answer =>
    answer.status === 200 && Array.isArray(field(answer.body, 'connectors')) ? WORKS : usualVerdict(answer),
}

/** https://huggingface.co/docs/hub/api#get-apiwhoami-v2 */
const huggingface: Probe = {
  request: key => ({ host: 'huggingface.co', path: '/api/whoami-v2', key: bearer(key) }),
  judge: answer => {
    const { status, body } = answer
    if (status === 200 && word(body, 'name') !== '') return WORKS
    if (status === 401 && /expired/i.test(word(body, 'error')))
      return { ...REFUSED, detail: 'it says that the key has expired' }
    return usualVerdict(answer)
  },
}

/** Runs on this machine, and takes any key. */
const ollama: Probe = {
  ...list,
  judge: (answer, key) => (answer.status === 200 ? unclear('it takes any key') : list.judge(answer, key)),
}

/** How keys of the known services are tried; of the others it is not known who gets their list of models. */
export const PRESET_PROBES: Readonly<Partial<Record<PresetName, Probe>>> = {
  cerebras: list,
  cohere,
  deepseek: list,
  groq: list,
  huggingface,
  mistral: list,
  ollama,
  openrouter,
  togetherai: list,
  xai,
}
