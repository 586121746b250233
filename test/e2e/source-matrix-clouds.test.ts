import { describe } from 'vitest'
import { type Row, saysWhatIsWrong } from '../helpers/source-matrix.ts'
import { aws, azure, base64, CANARY, gcp, HUGE, ok, slow } from '../secrets/sources/settings.ts'

const HALF = ', timeout: 500ms'

const ROWS: Row[] = [
  ['gcp', 'missing', /nothing is stored/, gcp(() => ({ status: 404 }))],
  ['gcp', 'locked', /does not let this login read it/, gcp(() => ({ status: 403 }))],
  ['gcp', 'empty', /the value is empty/, gcp(ok({ payload: { data: '' } }))],
  ['gcp', 'of the wrong type', /nothing is stored/, gcp(ok({ payload: { data: [CANARY] } }))],
  ['gcp', 'huge', /more than 1 MiB/, gcp(ok({ payload: { data: base64(HUGE) } }))],
  ['gcp', 'slow', /did not answer in time|no answer within/, gcp(slow, HALF)],
  ['azure', 'missing', /nothing is stored/, azure(() => ({ status: 404 }))],
  ['azure', 'locked', /does not let this login read it/, azure(() => ({ status: 403 }))],
  ['azure', 'empty', /the value is empty/, azure(ok({ value: '' }))],
  ['azure', 'of the wrong type', /nothing is stored/, azure(ok({ value: [CANARY] }))],
  ['azure', 'huge', /more than 1 MiB/, azure(ok({ value: HUGE }))],
  ['azure', 'slow', /did not answer in time|no answer within/, azure(slow, HALF)],
  [
    'aws',
    'missing',
    /nothing is stored/,
    aws(() => ({ status: 400, json: { __type: 'ResourceNotFoundException' } })),
  ],
  [
    'aws',
    'locked',
    /does not let this login read it/,
    aws(() => ({ status: 400, json: { __type: 'AccessDeniedException' } })),
  ],
  ['aws', 'empty', /the value is empty/, aws(ok({ SecretString: '{"key":""}' }))],
  ['aws', 'of the wrong type', /not text/, aws(ok({ SecretString: `{"key":["${CANARY}"]}` }))],
  ['aws', 'slow', /did not answer in time|no answer within/, aws(slow, HALF)],
]

describe('what is wrong with a store in a cloud is said, with exit status 4, and nothing of a value', () => {
  saysWhatIsWrong(ROWS)
})
