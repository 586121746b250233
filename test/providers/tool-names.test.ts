import { describe, expect, it } from 'vitest'
import { toConverse } from '../../src/providers/converse-request.ts'
import { ToolNames } from '../../src/providers/tool-names.ts'

describe('names of tools', () => {
  it('stay where Bedrock takes them', () => {
    const names = new ToolNames()
    expect(names.send('get_weather-2')).toBe('get_weather-2')
    expect(names.own('get_weather-2')).toBe('get_weather-2')
  })

  it('that it does not take come back as they were, and never become one', () => {
    const names = new ToolNames()
    const own = ['mcp.server/a', 'mcp_server/a', '', 'x'.repeat(65), 'x'.repeat(66), 'grüße']
    const sent = own.map(name => names.send(name))
    expect(new Set(sent).size).toBe(own.length)
    for (const name of sent) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(sent.map(name => names.own(name))).toEqual(own)
    expect(names.send('mcp.server/a')).toBe(sent[0])
    expect(names.own('never sent')).toBe('never sent')
  })

  const ALIKE = new ToolNames().send('a b')

  it('never become one with a name that is written like what another one is sent as', () => {
    const names = new ToolNames()
    const own = ['a b', ALIKE, new ToolNames().send(ALIKE.replace('_', '.'))]
    const sent = own.map(name => names.send(name))
    expect(new Set(sent).size).toBe(own.length)
    for (const name of sent) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(sent.map(name => names.own(name))).toEqual(own)
  })

  it('stay where they fit, whatever stands before them', () => {
    const { toolConfig } = toConverse(
      { model: 'm', messages: [], tools: [{ name: 'a b' }, { name: ALIKE }] },
      { model: 'm', headers: {}, tools: new ToolNames() },
    ) as {
      toolConfig: { tools: { toolSpec: { name: string } }[] }
    }
    const [first, second] = toolConfig.tools.map(({ toolSpec }) => toolSpec.name)
    expect(second).toBe(ALIKE)
    expect(first).not.toBe(ALIKE)
  })
})
