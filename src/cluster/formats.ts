import { listAt, textAt } from '../config/rules/tree.ts'
import type { ProviderSettings } from '../kubernetes/index.ts'
import { unwritten } from './unwritten.ts'

type Custom = Extract<ProviderSettings, { kind: 'custom' }>

/** Kinds of requests that a provider of one's own may speak there, as config.yaml calls them. */
const TYPES = new Set([
  'completions',
  'messages',
  'responses',
  'embeddings',
  'anthropicTokenCount',
  'realtime',
  'rerank',
])
const MOST = 6

/** A `custom` provider with its formats. Throws {@link Unwritten} for those that the controller does not take. */
export function customSettings(value: unknown, model: string | undefined): Custom {
  const formats = listAt(value, 'formats').map(one => ({
    type: textAt(one, 'type') ?? '',
    path: textAt(one, 'path'),
  }))
  const types = formats.map(({ type }) => type)
  if (formats.length === 0) unwritten('a custom provider needs formats')
  if (types.length > MOST || new Set(types).size < types.length || !types.every(type => TYPES.has(type)))
    unwritten('the controller does not take its formats')
  if (!formats.every(({ path = '/' }) => path.startsWith('/')))
    unwritten('a path of its formats has no word there')
  return { kind: 'custom', formats, model }
}
