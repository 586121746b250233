import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { cel, filled, text } from './primitives.ts'
import { secretText, secretValue } from './secret-fields.ts'
import { exactlyOne, forms, section } from './section.ts'

/** Google: an access token or an ID token, from a credential or from where the gateway runs. */
export const gcpAuth = forms('Google credentials; {} takes those of the machine.', {
  'an access token': section(
    { noun: 'an access token of Google', about: 'An OAuth access token.' },
    {
      type: nullish(z.literal('accessToken'), { description: 'The default kind.', default: 'accessToken' }),
      credential: nullish(secretValue, 'Service account or other credential, as JSON.'),
    },
  ),
  'an ID token': section(
    { noun: 'an ID token of Google', about: 'An identity token for one audience.' },
    {
      type: z.literal('idToken').describe('Asks for an identity token.'),
      audience: nullish(text, 'Who the token is for; by default the host of the backend.'),
      credential: nullish(secretValue, 'Service account or other credential, as JSON.'),
    },
  ),
})

const sessionTag = section(
  { noun: 'a session tag', about: 'A tag of the assumed role session.' },
  {
    key: filled.describe('Name of the tag.'),
    value: nullish(text, 'Value of the tag.'),
    expression: nullish(cel, 'CEL that yields the value for each request.'),
  },
  exactlyOne('a session tag', ['value', 'expression']),
)

const assumeRole = section(
  { noun: 'an assumed role', about: 'An IAM role that is assumed before signing.' },
  {
    roleArn: filled.describe('ARN of the role.'),
    sessionName: nullish(
      forms('Name of the session.', {
        'the name': text,
        'an expression': section(
          { noun: 'a session name', about: 'CEL that yields the name.' },
          { expression: cel.describe('CEL that yields the name.') },
        ),
      }),
    ),
    tags: optional(z.array(sessionTag), 'Tags of the session.'),
  },
)

const awsCommon = {
  region: nullish(text, 'Region requests are signed for.'),
  serviceName: nullish(text, 'Service requests are signed for, as in bedrock.'),
}

/** AWS: Signature Version 4 with keys written here, or with those of the machine. */
export const awsAuth = forms('AWS credentials; {} takes those of the machine.', {
  'the credentials of the machine': section(
    { noun: 'an AWS identity', about: 'The default credential chain, optionally with an assumed role.' },
    { ...awsCommon, assumeRole: nullish(assumeRole) },
  ),
  'an access key': section(
    { noun: 'an AWS access key', about: 'An access key written here.' },
    {
      accessKeyId: secretText.describe('The access key ID.'),
      secretAccessKey: secretText.describe('The secret access key.'),
      sessionToken: nullish(secretText, 'The token of a temporary key.'),
      ...awsCommon,
    },
  ),
})

const nothing = (noun: string, about: string) => section({ noun, about }, {})

const userAssignedIdentity = section(
  {
    noun: 'a user-assigned identity',
    about: 'Which identity is used.',
    oneOf: ['clientId', 'objectId', 'resourceId'],
  },
  {
    clientId: optional(text, 'By client ID.'),
    objectId: optional(text, 'By object ID.'),
    resourceId: optional(text, 'By resource ID.'),
  },
)

const azureExplicit = section(
  {
    noun: 'an Azure identity',
    about: 'One identity, named explicitly.',
    oneOf: ['clientSecret', 'managedIdentity', 'workloadIdentity'],
  },
  {
    clientSecret: optional(
      section(
        {
          noun: 'an Azure client secret',
          about: 'A service principal; its keys are written with underscores.',
        },
        {
          tenant_id: text.describe('ID of the tenant.'),
          client_id: text.describe('ID of the application.'),
          client_secret: secretText.describe('Secret of the application.'),
        },
      ),
    ),
    managedIdentity: optional(
      section(
        { noun: 'a managed identity', about: 'The identity that Azure gives the machine.' },
        { userAssignedIdentity: nullish(userAssignedIdentity) },
      ),
    ),
    workloadIdentity: optional(
      nothing('a workload identity', 'The identity of the Kubernetes service account.'),
    ),
  },
)

/** Azure: an Entra token, from an explicit identity or from where the gateway runs. */
export const azureAuth = section(
  {
    noun: 'the azure section',
    about: 'An Entra ID token.',
    oneOf: ['implicit', 'developerImplicit', 'explicitConfig'],
  },
  {
    implicit: optional(
      nothing('implicit Azure credentials', 'Environment, then workload identity, then managed identity.'),
    ),
    developerImplicit: optional(nothing('developer credentials', 'The credentials of the developer tools.')),
    explicitConfig: optional(azureExplicit),
  },
)
