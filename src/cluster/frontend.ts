import type { Path } from '../config/index.ts'
import { isNode, listAt } from '../config/rules/tree.ts'
import { GATEWAY_API, type KubernetesObject } from '../kubernetes/index.ts'
import { gatewayDuration, wholeMs } from './durations.ts'
import { type ExportScene, policyObject } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { expression, MOST_ITEMS, type Words } from './words.ts'

/** A value of the config → what stands for it; undefined where it says nothing. */
type Write = (value: unknown) => unknown

/** Names of fields may be that long, and so many may be taken away. */
const LONGEST_FIELD = 256
const LONGEST_REMOVED = 64
const MOST_REMOVED = 32

const lasting =
  (leastMs: number): Write =>
  value => {
    const written = gatewayDuration(value)
    if (written === undefined || (wholeMs(value) ?? 0) < leastMs)
      unwritten(`the controller takes whole milliseconds here, ${leastMs} and more`)
    return written
  }

const counted =
  (most: number): Write =>
  value =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
      ? value
      : unwritten(`the controller takes a whole number from 1 to ${most} here`)

const called =
  (names: Readonly<Record<string, string>>): Write =>
  value =>
    names[String(value)] ?? unwritten('the controller has no word for it')

const VERSION = called({ TLS_V1_2: '1.2', TLS_V1_3: '1.3' })

/** `frontendPolicies` that a policy of the whole Gateway has too: section, key there → its key and its words. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, readonly [key: string, write: Write]>>>> = {
  http: {
    maxBufferSize: ['maxBufferSize', counted(2 ** 32 - 1)],
    http1MaxHeaders: ['http1MaxHeaders', counted(4096)],
    http1IdleTimeout: ['http1IdleTimeout', lasting(1000)],
    http1HeaderCase: ['http1HeaderCase', called({ lowercase: 'Lowercase', preserve: 'Preserve' })],
    maxConnectionDuration: ['maxConnectionDuration', lasting(1000)],
  },
  tls: {
    handshakeTimeout: ['handshakeTimeout', lasting(100)],
    minVersion: ['minProtocolVersion', VERSION],
    maxVersion: ['maxProtocolVersion', VERSION],
  },
}

/** What holds for all requests, as a policy of the Gateway: limits of connections, the access log, labels of metrics. */
export function exportedFrontend(scene: ExportScene): KubernetesObject[] {
  const { listeners, gateway } = scene
  if (listeners.length === 0) return []
  const sections = Object.entries(SECTIONS).map(([section, keys]) => {
    const path: Path = ['frontendPolicies', section]
    const words = Object.entries(keys).map(([key, [name, write]]) => {
      return [name, written(scene, [...path, key], write)] as const
    })
    return [section, withoutNothing(words)] as const
  })
  const labels = written(scene, ['config', 'metrics', 'fields', 'add'], labelWords)
  const frontend = withoutNothing([
    ...sections,
    ['accessLog', logWords(scene)],
    ['metrics', labels && { attributes: { add: labels } }],
  ])
  if (frontend === undefined) return []
  const targetRefs = [{ group: GATEWAY_API, kind: 'Gateway', name: gateway }]
  return [policyObject(`${gateway}-frontend`, scene, { targetRefs, frontend })]
}

function written({ taken }: ExportScene, path: Path, write: Write): unknown {
  const value = taken.look(...path)
  if (value === undefined || value === null) return undefined
  return taken.attempt(path, () => write(taken.takeFree(...path)))
}

/** Undefined where none of them says anything. */
function withoutNothing(entries: readonly (readonly [string, unknown])[]): Words | undefined {
  const told = entries.filter(([, value]) => value !== undefined)
  return told.length === 0 ? undefined : Object.fromEntries(told)
}

function logWords(scene: ExportScene): Words | undefined {
  const path: Path = ['frontendPolicies', 'accessLog']
  const attributes = withoutNothing([
    ['add', written(scene, [...path, 'add'], fieldWords)],
    ['remove', written(scene, [...path, 'remove'], removedWords)],
  ])
  return withoutNothing([
    ['filter', written(scene, [...path, 'filter'], expression)],
    ['attributes', attributes],
  ])
}

/** Names with an expression each. */
function fieldWords(value: unknown): Words[] | undefined {
  const fields = Object.entries(isNode(value) ? value : {}).map(([name, text]) => {
    if (name === '' || name.length > LONGEST_FIELD)
      unwritten(`the controller takes names of 1 to ${LONGEST_FIELD} characters`)
    return { name, expression: expression(text) }
  })
  return fields.length === 0 ? undefined : fields
}

function labelWords(value: unknown): Words[] | undefined {
  const labels = fieldWords(value)
  if ((labels?.length ?? 0) > MOST_ITEMS) unwritten(`the controller takes no more than ${MOST_ITEMS} labels`)
  return labels
}

function removedWords(value: unknown): string[] | undefined {
  const names = listAt({ value }, 'value').map(String)
  if (names.length > MOST_REMOVED || names.some(name => name === '' || name.length > LONGEST_REMOVED))
    unwritten(
      `the controller takes no more than ${MOST_REMOVED} names, of 1 to ${LONGEST_REMOVED} characters`,
    )
  return names.length === 0 ? undefined : names
}
