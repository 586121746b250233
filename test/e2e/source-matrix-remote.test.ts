import { describe } from 'vitest'
import { sourceMatrix } from '../helpers/source-matrix.ts'
import { REMOTE } from '../secrets/sources/matrix-remote.ts'

describe('what is wrong with a store on the network is said, with exit status 4, and nothing of a value', () => {
  sourceMatrix(REMOTE)
})
