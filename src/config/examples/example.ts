import { createHash } from 'node:crypto'
import type { Code } from '../codes.ts'

/** A config and the machine around it. */
export interface Setting {
  readonly text: string
  readonly env?: Readonly<Record<string, string>>
  /** Files beside the config, by name. They are made for their owner alone unless a mode is given. */
  readonly files?: Readonly<
    Record<
      string,
      | string
      | {
          readonly text: string
          readonly mode: number
          readonly daysOld?: number
          readonly encoding?: 'utf16le'
        }
    >
  >
  /** In the place of the config is a folder. */
  readonly isFolder?: true
  /** How the text is stored; UTF-8 by default. */
  readonly encoding?: 'utf16le'
  /** Of `files`, the published schema to check against. */
  readonly schema?: string
  /** The folder is a repository of git that tracks these of the files, or none. */
  readonly tracked?: readonly string[]
  /** With `--online`: what the provider answers when a key is asked for. */
  readonly answer?: { readonly status: number; readonly body: unknown }
  /** `agw keys scan` is what finds something in it, not `agw validate`. */
  readonly scan?: true
  /** Whether the embedded gateway shall run it; the real one by default. */
  readonly engine?: 'embedded'
}

/** The smallest config that shows a finding, and the same config without it. */
export interface Example {
  readonly code: Code
  /** Shows this finding and no other. */
  readonly bad: Setting
  /** Shows none. */
  readonly good: Setting
}

/** In `env`: the folder that the config and its files lie in. */
export const FOLDER = '<folder>'

/** In the text: nobody's key of Hugging Face. It is made where it is needed, so that no such text lies about here. */
export const LEAK = '<a key>'

/** What stands in the file of a setting. */
export function writtenText({ text }: Setting): string {
  if (!text.includes(LEAK)) return text
  return text.replace(LEAK, `hf_${createHash('sha256').update(LEAK).digest('hex').slice(0, 34)}`)
}

/** Nobody's key. */
const KEY = 'example-0f9a7c2e51d84b36'

export function example(code: Code, bad: string | Setting, good: string | Setting): Example {
  return { code, bad: setting(bad), good: setting(good) }
}

/** Variables of keys are set unless the example says otherwise. */
function setting(given: string | Setting): Setting {
  const { text, env, ...rest } = typeof given === 'string' ? { text: given } : given
  const names = [...text.matchAll(/\$(?:\{(\w+)\}|([A-Z]\w+))/g)].map(
    ([, braced, plain]) => braced ?? plain ?? '',
  )
  const keys = Object.fromEntries(names.filter(name => /_KEY$/.test(name)).map(name => [name, KEY]))
  return { ...rest, text: text.replace(/^\n/, ''), env: { ...keys, ...env } }
}

/** A config of one model, with more keys of the model. */
export function model(more = ''): string {
  return `llm:
  models:
  - name: gpt-5
    provider: openAI
    params: {apiKey: "$OPENAI_API_KEY"}
${indent(more, 4)}`
}

/** A config of one model, with more sections. */
export function modelAnd(sections: string): string {
  return `${sections.trim()}\n${model()}`
}

/** A config of one route to a host on this machine, with more keys of the route. */
export function route(more = ''): string {
  return `gateways: {default: {port: 8080}}
routes:
- backends:
  - host: localhost:9000
${indent(more, 2)}`
}

function indent(text: string, by: number): string {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => `${' '.repeat(by)}${line}\n`)
    .join('')
}
