import { expect } from 'vitest'
import { AgwError } from '../../src/errors.ts'

/** Why a write was refused. */
export async function writeFailure(action: Promise<unknown>): Promise<AgwError> {
  const error = await action.then(
    () => undefined,
    caught => caught,
  )
  expect(error).toBeInstanceOf(AgwError)
  expect(error.code).toBe('WRITE_FAILED')
  expect(error.exitCode).toBe(3)
  expect(error.hint).toBeTruthy()
  return error
}
