/** Variables whose value is itself a login at a store of secrets: whoever reads it reads every key there. */
export const LOGIN_VARIABLES = [
  'VAULT_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'AZURE_CLIENT_SECRET',
  'IDENTITY_HEADER',
  'OP_SERVICE_ACCOUNT_TOKEN',
  'OP_CONNECT_TOKEN',
  'SOPS_AGE_KEY',
] as const
