import { expect, it } from 'vitest'
import { toFailure } from '../../src/cli/failure.ts'

it('a working folder that is gone is no bug', () => {
  const error = Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { syscall: 'uv_cwd' })
  const context = { flags: {}, argv: [], env: {}, closest: () => undefined }
  expect(toFailure(error, context)).toMatchObject({
    code: 'USAGE',
    exitCode: 2,
    message: 'the working folder does not exist any more',
  })
})
