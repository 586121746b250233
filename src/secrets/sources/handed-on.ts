type Environment = Readonly<Record<string, string | undefined>>

/** What a program needs to find its own login on this machine. A star stands for the rest of a name. */
const OF_THE_MACHINE = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'XDG_*',
  'DBUS_SESSION_BUS_ADDRESS',
  'GNUPGHOME',
  'GPG_TTY',
  'PASSWORD_STORE_DIR',
  'SSH_AUTH_SOCK',
]

/**
 * What programs that log in at clouds need besides: the way there, and who asks. Keys for models begin with the same words
 * (`GOOGLE_API_KEY`, `AZURE_OPENAI_API_KEY`, `AWS_BEARER_TOKEN_BEDROCK`): a star stands only where none does.
 */
export const OF_CLOUDS = [
  'KUBECONFIG',
  'SSL_CERT_*',
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap(name => [name, name.toLowerCase()]),
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_*',
  'AWS_EC2_METADATA_*',
  'AWS_STS_*',
  'AWS_CA_BUNDLE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
  'CLOUDSDK_*',
  'USE_GKE_GCLOUD_AUTH_PLUGIN',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_*',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_AUTHORITY_HOST',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
  'AZURE_CONFIG_DIR',
  'AAD_*',
  'ARM_*',
  'OCI_CLI_*',
  'DIGITALOCEAN_ACCESS_TOKEN',
]

/**
 * The environment of a program that agw.yaml or a kubeconfig names: small, so that no key that stands in ours reaches it.
 * `more` are the names that only this program needs.
 */
export function handedOn(env: Environment, more: readonly string[] = []): Environment {
  const names = [...OF_THE_MACHINE, ...more]
  const fits = (name: string): boolean =>
    names.some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one))
  return Object.fromEntries(Object.entries(env).filter(([name]) => fits(name)))
}
