import { z } from 'zod'
import { optional } from '../schema/fields.ts'
import { httpUrl } from '../schema/primitives.ts'
import { placeText } from '../schema/secret-fields.ts'
import { section } from '../schema/section.ts'

/** How a kind of source is reached: what stands under its word in `sources` of agw.yaml. Never a secret. */

const identity = section(
  {
    noun: 'an age identity',
    about: 'Where the key that opens encrypted files lies.',
    oneOf: ['file', 'keychain'],
  },
  {
    file: optional(placeText, 'A file with AGE-SECRET-KEY-1… lines, relative to agw.yaml.'),
    keychain: optional(placeText, 'The account of a keychain entry, under the service agw.'),
  },
)

const encrypted = section(
  { noun: 'the settings of encrypted files', about: 'Keys for files encrypted with age.' },
  {
    identity: optional(identity),
    recipients: optional(
      z.array(placeText),
      'age1… recipients that can open what agw writes, besides the own identity.',
    ),
  },
)

const kubernetes = section(
  {
    noun: 'the settings of Kubernetes',
    about: 'Which cluster Secrets are read from; the own one inside a pod.',
  },
  {
    kubeconfig: optional(placeText, 'KUBECONFIG or ~/.kube/config where it is not given.'),
    context: optional(placeText, 'A context of the kubeconfig; its current one where none is given.'),
  },
)

const tokenFile = section(
  { noun: 'a token login', about: 'A token in a file; VAULT_TOKEN wins over it.' },
  { file: placeText },
)

const kubernetesLogin = section(
  { noun: 'a Kubernetes login', about: "Login with the pod's service account." },
  { role: placeText, mount: optional(placeText), tokenFile: optional(placeText) },
)

const jwtLogin = section(
  { noun: 'a JWT login', about: 'Login with a signed token out of a file.' },
  { role: placeText, tokenFile: placeText, mount: optional(placeText) },
)

const appRole = section(
  { noun: 'an AppRole login', about: 'Login of a machine.' },
  { roleId: placeText, secretIdFile: placeText, mount: optional(placeText) },
)

const LOGINS = ['token', 'kubernetes', 'jwt', 'approle'] as const

const login = section(
  { noun: 'a Vault login', about: 'How to log in at Vault.', oneOf: LOGINS },
  {
    token: optional(tokenFile),
    kubernetes: optional(kubernetesLogin),
    jwt: optional(jwtLogin),
    approle: optional(appRole),
  },
)

const vault = section(
  { noun: 'the settings of Vault', about: 'A server of Vault or OpenBao.' },
  {
    address: optional(httpUrl, 'VAULT_ADDR where it is not given.'),
    namespace: optional(placeText, 'VAULT_NAMESPACE where it is not given.'),
    ca: optional(
      placeText,
      'A file with the certificate authority, relative to agw.yaml; VAULT_CACERT where it is not given.',
    ),
    login: optional(login),
  },
)

const aws = section(
  {
    noun: 'the settings of AWS',
    about: 'Where AWS keeps the secrets; credentials come as the SDK finds them.',
  },
  {
    region: optional(placeText, 'AWS_REGION where it is not given.'),
    profile: optional(placeText, 'A profile of ~/.aws/config.'),
    endpoint: optional(httpUrl, 'Another address than that of the region.'),
  },
)

const cloud = (noun: string, about: string) =>
  section(
    { noun, about },
    {
      endpoint: optional(httpUrl, 'Another address than the public one.'),
      ca: optional(placeText, 'A file with the certificate authority, relative to agw.yaml.'),
    },
  )

/** Word in `sources` → its settings. */
export const CONNECTIONS = {
  encrypted: optional(encrypted),
  sops: optional(
    section(
      { noun: 'the settings of SOPS', about: 'Keys for SOPS files.' },
      { identity: optional(identity) },
    ),
  ),
  kubernetes: optional(kubernetes),
  vault: optional(vault),
  aws: optional(aws),
  gcp: optional(cloud('the settings of Google Cloud', 'The address of Secret Manager.')),
  azure: optional(cloud('the settings of Azure', 'The address of Key Vault.')),
  op: optional(
    section(
      { noun: 'the settings of 1Password', about: 'Which account `op` reads from.' },
      { account: optional(placeText, 'As `op account list` has it.') },
    ),
  ),
}

const object = section({ noun: '"sources"', about: 'How the sources of secrets are reached.' }, CONNECTIONS)

export interface Connections extends z.output<typeof object> {}
export const connections: z.ZodType<Connections> = object

export type Identity = NonNullable<NonNullable<Connections['encrypted']>['identity']>
export type VaultLogin = NonNullable<NonNullable<Connections['vault']>['login']>
