import { backendReferences } from './backend-references.ts'
import { clearText } from './clear-text.ts'
import { clientCredentials } from './client-credentials.ts'
import { uiForAll } from './exposure.ts'
import { failover } from './failover.ts'
import { gatewayReferences } from './gateway-references.ts'
import { givenTwice } from './given-twice.ts'
import { keyOfProvider } from './key-of-provider.ts'
import { overruledKeys } from './key-overruled.ts'
import { leadsBack } from './leads-back.ts'
import { listenerRules } from './listeners.ts'
import { allowedModels } from './models-allowed.ts'
import { modelNames } from './models-names.ts'
import { modelReferences } from './models-references.ts'
import { pathKept } from './path-kept.ts'
import { policyTargets } from './policy-targets.ts'
import { ports } from './ports.ts'
import { routeAnswers } from './route-answers.ts'
import { routeHosts } from './route-hosts.ts'
import { routeOrder } from './route-order.ts'
import type { FileRule } from './rule.ts'
import { tokenLimits } from './token-limits.ts'
import { waysAround } from './ways-around.ts'

/** All rules on how the parts of a file fit together. */
export const FILE_RULES: readonly FileRule[] = [
  overruledKeys,
  keyOfProvider,
  clientCredentials,
  waysAround,
  clearText,
  uiForAll,
  failover,
  tokenLimits,
  ports,
  leadsBack,
  listenerRules,
  gatewayReferences,
  backendReferences,
  policyTargets,
  givenTwice,
  routeAnswers,
  routeHosts,
  routeOrder,
  pathKept,
  modelReferences,
  modelNames,
  allowedModels,
]
