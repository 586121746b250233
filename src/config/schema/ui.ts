import type { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { gatewayReferences } from './gateway-references.ts'
import { gatewayPoliciesShape } from './policies.ts'
import { csrf } from './policies-traffic.ts'
import { section } from './section.ts'

const { cors, oidc, jwtAuth, authorization, extAuthz, basicAuth, apiKey } = gatewayPoliciesShape

const uiObject = section(
  { noun: 'the ui section', about: 'Offers the web pages of the gateway at a gateway.', id: 'UiConfig' },
  {
    gateways: optional(gatewayReferences),
    policies: nullish(
      section(
        {
          noun: 'the policies of ui',
          about: 'Who may see the pages; without them anyone who reaches the port.',
        },
        { cors, oidc, jwtAuth, authorization, extAuthz, basicAuth, apiKey, csrf: nullish(csrf) },
      ),
    ),
  },
)

export interface UiConfig extends z.output<typeof uiObject> {}
export const uiConfig: z.ZodType<UiConfig> = uiObject
