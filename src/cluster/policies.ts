import type { Path } from '../config/index.ts'
import { isSet, listAt } from '../config/rules/tree.ts'
import type { KubernetesObject } from '../kubernetes/index.ts'
import { answerWords } from './answers.ts'
import { corsWords } from './cors.ts'
import { limitWords } from './limits.ts'
import { passwordWords } from './passwords.ts'
import { retryWords } from './retries.ts'
import { ruleWords } from './rules.ts'
import { type ExportScene, policyObject } from './scene.ts'
import { askedWords, serviceLimitWords } from './services.ts'
import { tokenWords } from './tokens.ts'
import { transformationWords } from './transformations.ts'
import { unwritten } from './unwritten.ts'
import { MOST_ITEMS, type Words } from './words.ts'

/** What one policy of a config becomes: fields of `traffic`, each for an AgentgatewayPolicy that has none of that name yet. */
interface Made {
  readonly traffic: readonly Words[]
  readonly objects?: readonly KubernetesObject[]
}
type Make = (value: unknown, scene: ExportScene, name: string, at: Path) => Made

const one = (words: Words | undefined): Made => ({ traffic: words === undefined ? [] : [words] })

/** Policies that an AgentgatewayPolicy has too, by their key in the config. */
const KINDS: Readonly<Record<string, Make>> = {
  authorization: value => ({ traffic: ruleWords(value) }),
  basicAuth: (_, scene, name, at) => one(passwordWords(scene, [...at, 'basicAuth'], name)),
  cors: value => one(corsWords(value)),
  csrf: value => one(csrfWords(value)),
  delay: value => one({ delay: value }),
  directResponse: value => one(answerWords(value)),
  extAuthz: (value, scene, wanted) => {
    const objects: KubernetesObject[] = []
    return { traffic: [askedWords(value, { scene, wanted, objects })], objects }
  },
  jwtAuth: (value, scene, name) => {
    const { traffic, objects } = tokenWords(value, scene, name)
    return { traffic: [traffic], objects }
  },
  localRateLimit: value => one(limitWords(value)),
  remoteRateLimit: (value, scene, wanted, at) => {
    const objects: KubernetesObject[] = []
    const own = scene.taken.look(...at, 'localRateLimit')
    if (isSet(own) && [own, value].some(limits => listAt(limits, 'conditional').length > 0))
      unwritten('the controller has no word for limits of both kinds of which one has conditions')
    return { traffic: [serviceLimitWords(value, { scene, wanted, objects })], objects }
  },
  retry: value => one(retryWords(value)),
  transformations: value => one(transformationWords(value)),
}

/** What stands in these is taken part by part: some of it is in no manifest that is open. */
const IN_PARTS = new Set(['basicAuth'])

const LONGEST_ORIGIN = 256

function csrfWords(value: unknown): Words {
  const { additionalOrigins } = value as { additionalOrigins?: unknown }
  const origins = Array.isArray(additionalOrigins) ? additionalOrigins.map(String) : []
  if (origins.length > MOST_ITEMS || origins.some(one => one === '' || one.length > LONGEST_ORIGIN))
    unwritten(`the controller takes no more than ${MOST_ITEMS} origins, of 1 to ${LONGEST_ORIGIN} characters`)
  return { csrf: origins.length > 0 ? { additionalOrigins: origins } : {} }
}

/** The policies that stand in a map, at its path: those that can be written, with what they need, and their keys. */
export function exportedPolicies(
  scene: ExportScene,
  at: Path,
  name: string,
): Required<Made> & { readonly kinds: ReadonlySet<string> } {
  const { taken } = scene
  const traffic: Words[] = []
  const objects: KubernetesObject[] = []
  const kinds = new Set<string>()
  for (const [kind, make] of Object.entries(KINDS)) {
    const path = [...at, kind]
    if (!isSet(taken.look(...path))) continue
    const made = taken.attempt(path, () => {
      const value = IN_PARTS.has(kind) ? taken.look(...path) : taken.takeFree(...path)
      return make(value, scene, name, at)
    })
    if (made === undefined) continue
    kinds.add(kind)
    traffic.push(...made.traffic)
    objects.push(...(made.objects ?? []))
  }
  return { traffic, objects, kinds }
}

/** Fields of `traffic` as policies for a target, in as few as can hold them. */
export function policyObjects(
  scene: ExportScene,
  name: string,
  targetRefs: readonly Words[],
  traffic: readonly Words[],
  phase?: 'PreRouting',
): KubernetesObject[] {
  const policies: Record<string, unknown>[] = []
  for (const words of traffic) {
    const room = policies.find(policy => !Object.keys(words).some(key => key in policy))
    const other = 'rateLimit' in words ? policies.find(policy => 'rateLimit' in policy) : undefined
    // Limits of both kinds are one field.
    if (other !== undefined) other['rateLimit'] = Object.assign({}, other['rateLimit'], words['rateLimit'])
    else if (room === undefined) policies.push({ ...words })
    else Object.assign(room, words)
  }
  return policies.map(words =>
    policyObject(name, scene, { targetRefs, traffic: { ...(phase !== undefined && { phase }), ...words } }),
  )
}
