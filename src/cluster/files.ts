import { dirname, join, relative } from 'node:path'
import { toYaml } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { certificateObject, isDnsLabel, PASSWORDS_KEY, secretObject } from '../kubernetes/index.ts'
import type { Secret } from '../secrets/secret.ts'
import { MANIFESTS } from '../setup/new-manifests.ts'
import { APPLY } from '../setup/plan-init.ts'
import { type PlannedFile, SECRET_MODE } from '../setup/planned-file.ts'
import { textIfAny } from '../setup/text-to-change.ts'
import { shellWord } from '../suggested.ts'
import type { ExportedConfig } from './export.ts'

/** In every object of ours. */
const OURS = 'app.kubernetes.io/managed-by: agw'

/** Whether a Gateway can be called so, with room for endings such as `-clients`. */
export function canBeGateway(name: string): boolean {
  return isDnsLabel(name) && name.length <= 50
}

/** Throws FILE_EXISTS for a file in the place of one of these that holds no objects of agw. */
export async function requireOurs(files: readonly PlannedFile[]): Promise<void> {
  for (const { path } of files) {
    const there = await textIfAny(path)
    if (there === '' || there.includes(OURS)) continue
    throw new AgwError('FILE_EXISTS', `${path} is there already, and is not from agw`, {
      hint: 'move it elsewhere, or look with --dry-run at what would stand there',
    })
  }
}

/** The texts of a certificate and its key, by the Secret they go into. */
export type Certificates = ReadonlyMap<string, { readonly cert: string; readonly key: Secret }>

/** What was read for the Secrets: keys by slot, certificates and passwords by the Secret that they go into. */
interface ReadSecrets {
  readonly keys: ReadonlyMap<string, Secret>
  readonly pems: Certificates
  readonly texts: ReadonlyMap<string, Secret>
}

/** What the flags of the command are where they are not given. */
export const DEFAULTS = { namespace: 'agentgateway-system', gateway: 'agw' } as const

/** Where the files go, and what for. */
interface ExportPlace {
  /** Absolute path of the config; the files lie beside it. */
  readonly config: string
  /** As it was named on the command line; undefined where it was found. */
  readonly file?: string | undefined
  readonly cwd: string
  readonly namespace: string
  readonly gateway: string
  /** Parts of the config are left out, as was wanted. */
  readonly partial: boolean
}

/** The same export once more, with keys. */
function withSecrets({ file, namespace, gateway, partial }: ExportPlace): string {
  const words = [
    ...(file === undefined ? [] : ['--file', shellWord(file)]),
    ...(namespace === DEFAULTS.namespace ? [] : ['--namespace', namespace]),
    ...(gateway === DEFAULTS.gateway ? [] : ['--gateway', gateway]),
    ...(partial ? ['--partial'] : []),
  ]
  return ['agw export kubernetes --secrets', ...words].join(' ')
}

/** The files of an export, and what to do with them; keys and certificates that are given become Secrets, in a file of their own. */
export function exportFiles(
  { objects, secrets, certificates, passwords }: ExportedConfig,
  { keys, pems, texts }: ReadSecrets,
  place: ExportPlace,
): { readonly files: readonly PlannedFile[]; readonly next: readonly string[] } {
  const { config, cwd, namespace } = place
  const path = (name: string): string => join(dirname(config), name)
  const shown = (name: string): string => shellWord(relative(cwd, path(name)) || name)
  const main: PlannedFile = {
    path: path(MANIFESTS.controller),
    content: toYaml(objects),
    what: 'for the controller',
    secret: false,
    keyless: true,
  }
  const made = [
    ...secrets.flatMap(({ slot, secret }) => {
      const key = keys.get(slot)
      return key === undefined ? [] : [secretObject(secret, namespace, key)]
    }),
    ...certificates.flatMap(({ secret }) => {
      const pem = pems.get(secret)
      return pem === undefined ? [] : [certificateObject(secret, namespace, pem)]
    }),
    ...passwords.flatMap(({ secret }) => {
      const text = texts.get(secret)
      return text === undefined ? [] : [secretObject(secret, namespace, text, PASSWORDS_KEY)]
    }),
  ]
  const apart: PlannedFile = {
    path: path(MANIFESTS.secret),
    content: toYaml(made),
    mode: SECRET_MODE,
    what: 'the Secrets',
    secret: true,
  }
  const missing = [
    ...secrets.filter(({ slot }) => !keys.has(slot)),
    ...certificates.filter(({ secret }) => !pems.has(secret)),
    ...passwords.filter(({ secret }) => !texts.has(secret)),
  ].map(({ secret }) => secret)
  return {
    files: made.length > 0 ? [main, apart] : [main],
    next: [
      ...(missing.length > 0
        ? [
            `${withSecrets(place)}  # unless ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} there`,
          ]
        : []),
      ...(made.length > 0 ? [`${APPLY} ${shown(MANIFESTS.secret)}`] : []),
      `${APPLY} ${shown(MANIFESTS.controller)}`,
    ],
  }
}
