import { z } from 'zod'
import { optional } from '../schema/fields.ts'
import { shaped } from '../schema/primitives.ts'
import { placeText } from '../schema/secret-fields.ts'
import { forms, section } from '../schema/section.ts'

/**
 * Where one value lives, for each kind of source: what stands behind the source's word in agw.yaml. A short form (a
 * word alone) is written out here, so that sources see one form only.
 */

export const variableName = shaped(
  'BAD_NAME',
  'this is not the name of a variable',
  'use letters, digits and _, as in OPENAI_API_KEY',
  value => /^[A-Za-z_]\w*$/.test(value),
)

const dotenv = section(
  { noun: 'a place in a dotenv file', about: 'A variable of a dotenv file.' },
  {
    file: optional(placeText, 'The file, relative to agw.yaml; .env where none is given.'),
    name: optional(variableName, 'The name in that file, where it is another one.'),
  },
)

const keychain = section(
  { noun: 'a keychain entry', about: "An entry in the operating system's keychain." },
  {
    service: optional(placeText, 'Under which service it is kept; agw where none is given.'),
    account: placeText,
  },
)

const encrypted = section(
  { noun: 'an encrypted file', about: 'A file encrypted with age that holds NAME=value lines.' },
  {
    file: placeText,
    name: optional(variableName, 'The name in that file, where it is another one.'),
  },
)

const sops = section(
  { noun: 'a value in a SOPS file', about: 'A value in a YAML or JSON file encrypted with SOPS and age.' },
  {
    file: placeText,
    path: z.union([placeText, z.array(z.union([z.string(), z.int()])).min(1)], {
      error: () => 'text | a list',
    }),
  },
)

const kubernetes = section(
  { noun: 'a Kubernetes secret', about: 'A key of a Secret, read through the API of the cluster.' },
  {
    name: placeText,
    key: placeText,
    namespace: optional(
      placeText,
      "Where none is given, the pod's own, or that of the kubeconfig's context.",
    ),
  },
)

const vault = section(
  { noun: 'a Vault secret', about: 'A field of a secret in the KV engine of Vault or OpenBao.' },
  {
    path: placeText,
    field: placeText,
    version: optional(z.int().min(1), 'A version of KV 2; the newest where none is given.'),
  },
)

const secretsManager = section(
  { noun: 'an AWS secret', about: 'A secret of AWS Secrets Manager.' },
  {
    id: placeText,
    field: optional(placeText, 'A key of the secret, where it is JSON.'),
    stage: optional(placeText, 'AWSCURRENT where it is not given.'),
  },
)

const parameter = section(
  { noun: 'an AWS parameter', about: 'A parameter of AWS Systems Manager, decrypted.' },
  { name: placeText },
)

const gcp = section(
  { noun: 'a Google Cloud secret', about: 'A version of a secret in Google Cloud Secret Manager.' },
  {
    secret: placeText,
    project: optional(placeText, 'GOOGLE_CLOUD_PROJECT where it is not given.'),
    version: optional(
      z.union([placeText, z.int().min(1)], { error: () => 'text | a number' }),
      'latest where none is given.',
    ),
  },
)

const azure = section(
  { noun: 'an Azure secret', about: 'A secret in Azure Key Vault.' },
  {
    secret: placeText,
    vault: shaped(
      'BAD_NAME',
      'this is not the name of a vault',
      'write the name alone, as in my-vault, without https:// and .vault.azure.net',
      value => /^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/.test(value),
    ),
    // 32 hex digits, as a key may have them.
    version: optional(z.string().min(1), 'The newest where none is given.'),
  },
)

const onePassword = shaped(
  'BAD_NAME',
  'this is not a reference to a field in 1Password',
  'write it as op://vault/item/field or op://vault/item/section/field',
  value => /^op:\/\/[^/{}\s]+(?: [^/{}\s]+)*\/[^/{}]+(?:\/[^/{}]+){1,2}$/.test(value),
)

/** A program and its arguments, run without a shell. */
const exec = z.tuple([placeText], z.string())

/** Source's word in agw.yaml → what stands behind it. */
export const PLACES = {
  env: variableName.transform(name => ({ name })),
  dotenv: forms('A variable of a dotenv file.', { 'a path': placeText, 'a map': dotenv }).transform(place =>
    typeof place === 'string' ? { file: place } : place,
  ),
  file: placeText.transform(path => ({ path })),
  credential: shaped(
    'BAD_NAME',
    'this is not the name of a credential',
    'write the name alone, without a path, as in openai',
    value => /^[\w.-]+$/.test(value) && !/^\.{1,2}$/.test(value),
  ).transform(name => ({ name })),
  keychain: keychain.transform(({ service = 'agw', account }) => ({ service, account })),
  encrypted: forms('A variable of an encrypted file.', { 'a path': placeText, 'a map': encrypted }).transform(
    place => (typeof place === 'string' ? { file: place } : place),
  ),
  sops: sops.transform(({ file, path }) => ({
    file,
    path: typeof path === 'string' ? path.split('.') : path,
  })),
  exec: exec.transform((argv): { argv: string[] } => ({ argv })),
  kubernetes,
  vault,
  'aws-secretsmanager': forms('An AWS secret.', {
    'its name or ARN': placeText,
    'a map': secretsManager,
  }).transform(place => (typeof place === 'string' ? { id: place } : place)),
  'aws-ssm': forms('An AWS parameter.', { 'its name': placeText, 'a map': parameter }).transform(place =>
    typeof place === 'string' ? { name: place } : place,
  ),
  gcp,
  azure,
  op: onePassword.transform(reference => ({ reference })),
} as const

export type SourceKind = keyof typeof PLACES

/** What a source is told of one value. */
export type SourcePlaces = { readonly [K in SourceKind]: Readonly<z.output<(typeof PLACES)[K]>> }
