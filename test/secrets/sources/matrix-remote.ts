import type { SourceKind } from '../../../src/config/agw/places.ts'
import type { SourceRows } from '../../helpers/source-matrix.ts'
import {
  aws,
  azure,
  base64,
  CANARY,
  gcp,
  HUGE,
  kubernetes,
  ok,
  parameter,
  secret,
  slow,
  ssm,
  vault,
  vaultThat,
} from './settings.ts'

const HALF = ', timeout: 500ms'
const TOO_LATE = /did not answer in time|no answer within/
const LARGE = CANARY.repeat(70 * 64)
/** A service of Amazon says what is wrong with a name in its body. */
const amazon = (name: string) => () => ({ status: 400, json: { __type: name } })

/** What is said of stores that are reached over the network; each is a fake that answers so. */
export const REMOTE = {
  kubernetes: {
    says: {
      missing: [/nothing is stored/, kubernetes(() => ({ status: 404 }))],
      empty: [/the value is empty/, kubernetes(() => secret(''))],
      locked: [/does not let this login read it/, kubernetes(() => ({ status: 403 }))],
      slow: [TOO_LATE, kubernetes(slow, HALF)],
      'of the wrong type': [
        /not text in UTF-8/,
        kubernetes(() => ({ status: 200, json: { kind: 'Secret', data: { openai: '//79' } } })),
      ],
      'not base64': [
        /holds no base64/,
        kubernetes(() => ({ status: 200, json: { kind: 'Secret', data: { openai: CANARY } } })),
      ],
      'no Kubernetes at all': [
        /holds no value/,
        kubernetes(() => ({ status: 200, json: { code: 7, message: CANARY } })),
      ],
      huge: [/larger than 64 KiB/, kubernetes(() => secret(LARGE))],
      'a huge answer': [/more than 1 MiB/, kubernetes(() => secret(HUGE))],
    },
    removed: /nothing is stored/,
  },
  vault: {
    says: {
      missing: [/nothing is stored/, vault(() => undefined)],
      empty: [/the value is empty/, vault(one => one.put('llm', { key: '' }))],
      locked: [
        /is sealed/,
        vault(one => {
          one.state.sealed = true
        }),
      ],
      slow: [TOO_LATE, vaultThat(slow, HALF)],
      'of the wrong type': [/not text/, vault(one => one.put('llm', { key: [CANARY] }))],
      'no Vault at all': [/holds no value/, vaultThat(ok({ message: CANARY }))],
      huge: [/larger than 64 KiB/, vault(one => one.put('llm', { key: LARGE }))],
      'a huge answer': [/more than 1 MiB/, vault(one => one.put('llm', { key: HUGE }))],
    },
    removed: /nothing is stored/,
  },
  'aws-secretsmanager': {
    says: {
      missing: [/nothing is stored/, aws(amazon('ResourceNotFoundException'))],
      empty: [/the value is empty/, aws(ok({ SecretString: '{"key":""}' }))],
      locked: [/does not let this login read it/, aws(amazon('AccessDeniedException'))],
      slow: [TOO_LATE, aws(slow, HALF)],
      'of the wrong type': [/not text/, aws(ok({ SecretString: `{"key":["${CANARY}"]}` }))],
      'no JSON': [/not JSON, so it has no fields/, aws(ok({ SecretString: CANARY }))],
      'no secret at all': [/holds no value/, aws(ok({ Name: 's' }))],
      'marked for deletion': [/marked for deletion/, aws(amazon('InvalidRequestException'))],
      huge: [/larger than 64 KiB/, aws(ok({ SecretString: JSON.stringify({ key: LARGE }) }))],
      'a huge answer': [/more than 1 MiB/, aws(ok({ SecretString: JSON.stringify({ key: HUGE }) }))],
    },
    removed: /nothing is stored/,
  },
  'aws-ssm': {
    says: {
      missing: [/nothing is stored/, ssm(ok({ Parameters: [], InvalidParameters: ['/llm/key'] }))],
      empty: [/the value is empty/, ssm(parameter({ Value: '' }))],
      locked: [/does not let this login read it/, ssm(amazon('AccessDeniedException'))],
      slow: [TOO_LATE, ssm(slow, HALF)],
      'of the wrong type': [
        /is a list \(StringList\)/,
        ssm(parameter({ Type: 'StringList', Value: `${CANARY},b` })),
      ],
      huge: [/larger than 64 KiB/, ssm(parameter({ Value: LARGE }))],
      'a huge answer': [/more than 1 MiB/, ssm(parameter({ Value: HUGE }))],
    },
    removed: /nothing is stored/,
  },
  gcp: {
    says: {
      missing: [/nothing is stored/, gcp(() => ({ status: 404 }))],
      empty: [/the value is empty/, gcp(ok({ payload: { data: '' } }))],
      locked: [/does not let this login read it/, gcp(() => ({ status: 403 }))],
      slow: [TOO_LATE, gcp(slow, HALF)],
      'of the wrong type': [/not text in UTF-8/, gcp(ok({ payload: { data: '//79' } }))],
      'not base64': [/holds no base64/, gcp(ok({ payload: { data: CANARY } }))],
      'a list': [/holds no value/, gcp(ok({ payload: { data: [CANARY] } }))],
      huge: [/larger than 64 KiB/, gcp(ok({ payload: { data: base64(LARGE) } }))],
      'a huge answer': [/more than 1 MiB/, gcp(ok({ payload: { data: base64(HUGE) } }))],
    },
    removed: /nothing is stored/,
  },
  azure: {
    says: {
      missing: [/nothing is stored/, azure(() => ({ status: 404 }))],
      empty: [/the value is empty/, azure(ok({ value: '' }))],
      locked: [/does not let this login read it/, azure(() => ({ status: 403 }))],
      slow: [TOO_LATE, azure(slow, HALF)],
      'of the wrong type': [/holds no value/, azure(ok({ value: [CANARY] }))],
      huge: [/larger than 64 KiB/, azure(ok({ value: LARGE }))],
      'a huge answer': [/more than 1 MiB/, azure(ok({ value: HUGE }))],
    },
    removed: /nothing is stored/,
  },
} satisfies Partial<Record<SourceKind, SourceRows>>
