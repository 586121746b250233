import { describe, expect, it } from 'vitest'
import { findSlot } from '../../src/config/find-slot.ts'
import { slotsOf } from './slots-of.ts'

describe('a slot answers to', () => {
  const slots = slotsOf(
    'llm: {port: 1, models: [{name: "*", provider: openAI, params: {apiKey: "$A_KEY"}}, {name: claude, provider: anthropic, params: {apiKey: "$B"}}]}',
  )
  it.each([
    ['its name', 'claude', 'claude'],
    ['its variable', 'A_KEY', 'openai'],
    ['its provider', 'Anthropic', 'claude'],
  ])('%s', (_, wanted, name) => {
    expect(findSlot(slots, wanted).name).toBe(name)
  })
  it('its model, where only one slot has it', () => {
    const two = slotsOf(
      'llm: {port: 1, models: [{name: "gpt-*", provider: openAI}, {name: "llama-*", provider: groq}, {name: "*", provider: groq}]}',
    )
    expect(findSlot(two, 'llama-*').path).toEqual(['llm', 'models', 1, 'params', 'apiKey'])
  })
  it('nothing else, with the nearest name offered', () => {
    expect(() => findSlot(slots, 'opnai')).toThrow(/no key slot is called "opnai"/)
    expect(() => findSlot(slots, 'sk-proj-0123456789')).toThrow(/no key slot is called that/)
  })
})
