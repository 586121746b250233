type Environment = Readonly<Record<string, string | undefined>>

/** Variables by which a program finds its login. A star stands for any part of a name. */
interface LoginVariables {
  /** The value is itself a login: whoever reads it reads every key in the store. */
  readonly secret: readonly string[]
  /** Tells where the login is, or whose. */
  readonly open: readonly string[]
}

/**
 * By who logs in. Keys for models begin with the same words as the logins of clouds (`GOOGLE_API_KEY`,
 * `AZURE_OPENAI_API_KEY`, `AWS_BEARER_TOKEN_BEDROCK`): a star stands only where none does.
 */
export const LOGIN_VARIABLES = {
  /** agw itself, and `sops`. */
  agw: {
    secret: ['VAULT_TOKEN', 'GOOGLE_OAUTH_ACCESS_TOKEN', 'IDENTITY_HEADER', 'SOPS_AGE_KEY'],
    open: [],
  },
  /** Programs that log in at clouds: the way there, and who asks. agw knows some of them too. */
  clouds: {
    secret: [
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      'CLOUDSDK_*_PASSWORD',
      'CLOUDSDK_*_TOKEN',
      'AZURE_CLIENT_SECRET',
      'AZURE_CLIENT_CERTIFICATE_PASSWORD',
      'AZURE_PASSWORD',
      'AAD_*_SECRET',
      'AAD_*_PASSWORD',
      'ARM_*_SECRET',
      'ARM_*_PASSWORD',
      'ARM_*_TOKEN',
      'ARM_ACCESS_KEY',
      'OCI_CLI_KEY_CONTENT',
      'OCI_CLI_PASSPHRASE',
      'DIGITALOCEAN_ACCESS_TOKEN',
    ],
    open: [
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
      'AZURE_CONFIG_DIR',
      'AAD_*',
      'ARM_*',
      'OCI_CLI_*',
    ],
  },
  /** The program of 1Password. */
  op: { secret: ['OP_SERVICE_ACCOUNT_TOKEN', 'OP_CONNECT_TOKEN', 'OP_SESSION_*'], open: ['OP_*'] },
} as const satisfies Readonly<Record<string, LoginVariables>>

/** The values in an environment that are logins themselves, and the passwords in its addresses. */
export function loginsIn(env: Environment): string[] {
  const all = Object.values(LOGIN_VARIABLES)
  const isSecret = matcher(all.flatMap(({ secret }) => secret))
  const isOpen = matcher(all.flatMap(({ open }): readonly string[] => open))
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (isSecret(name)) return [value]
    return isOpen(name) ? passwordIn(value, /_proxy$/i.test(name) ? ADDRESS : URL_ALONE) : []
  })
}

/** `user:password` and the password of an address. That of a proxy need not be a URL; a path is no address. */
const ADDRESS = /^(?:[a-z][a-z\d+.-]*:\/\/)?([^:/@]*:(?!\/\/)(.+))@[^@]*$/i
const URL_ALONE = /^[a-z][a-z\d+.-]*:\/\/([^:/@]*:([^/]+))@[^@]*$/i

/** As it is written and as it is meant; with the user's name even a short one is long enough to be known. */
function passwordIn(value: string, address: RegExp): string[] {
  const found = address.exec(value)?.slice(1) ?? []
  return [...new Set([...found, ...found.map(unescaped)])]
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whether a name is one of those. */
export function matcher(patterns: readonly string[], flags = ''): (name: string) => boolean {
  const all = new RegExp(`^(?:${patterns.join('|').replaceAll('*', '.*')})$`, flags)
  return name => all.test(name)
}
