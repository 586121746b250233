import { expect, test } from 'vitest'
import { PathTypes } from '../../../src/gateway/llm/path-types.ts'
import { LLM_PATHS } from '../../../src/providers/index.ts'

const types = new PathTypes(LLM_PATHS)

test.each([
  '/v1/chat/completions/',
  '/v1//chat/completions',
  '/v1/./chat/completions',
  '/v1/chat/x/../completions',
  '/v1/chat/completion%73',
  '/v1/chat/completion%2573',
  '/v1/chat%2Fcompletions',
  '/v1/%ZZ/..%2Fchat/completions',
  '/v1/chat\\completions',
  '/v1/chat/completions;x',
  '/v1/chat;x=1/completions',
  '/v1/chat/completions%3Fx',
  '/v1/chat/completions%23',
  '/v1/chat/completions%20',
  '/v1/chat/completions%00',
  '/V1/Chat/Completions',
  '/v1beta/models/x%3AgenerateContent',
  '/v1/messages/',
])('%s is another spelling of a path that is known', path => {
  expect(types.hides(path)).toBe(true)
})

test.each([
  '/v1/chat/completions',
  '/proxy//v1/chat/completions',
  '/v1/completions',
  '/v1/chat/completions/chatcmpl-1',
  '/v1/files/',
  '/100%',
  '/',
])('%s is none', path => {
  expect(types.hides(path)).toBe(false)
})

test('nor is one of a path that asks for the same', () => {
  const same = new PathTypes({ '/v1/chat/completions': 'completions', '/v1/messages': 'messages' })
  expect(same.hides('/v1/chat/completions/')).toBe(false)
  expect(same.hides('/v1/messages/')).toBe(true)
})
