import { describe, it } from 'vitest'
import { configOf, play, type Scenario, scenarioFiles } from './kit/scenario.ts'

const STREAM = 'data: {"model":"m","choices":[]}\n\ndata: [DONE]\n\n'

/** What becomes of a request and of the head of its answer does not hang on whether the answer is streamed. */
function streamed(scenarios: readonly Scenario[]): Scenario[] {
  const answer = { headers: { 'content-type': 'text/event-stream' }, body: STREAM }
  return scenarios.flatMap(scenario => {
    const { gets = {}, sees } = scenario
    const isOwn = scenario.answer !== undefined || gets.body !== undefined || gets.models !== undefined
    if (isOwn || sees === undefined || sees === false || (gets.status ?? 200) !== 200) return []
    return [{ ...scenario, answer, gets: { ...gets, headers: { 'content-length': null, ...gets.headers } } }]
  })
}

for (const { name, configs, scenarios } of scenarioFiles()) {
  describe(`${name} over sockets`, () => {
    it.each(scenarios)('$title', scenario => play(scenario, configOf(scenario, configs), 'sockets'))
  })
  describe(`${name} in memory`, () => {
    it.each(scenarios)('$title', scenario => play(scenario, configOf(scenario, configs), 'memory'))
  })
}

describe('with an answer that is streamed', () => {
  const rows = scenarioFiles().flatMap(({ name, configs, scenarios }) =>
    streamed(scenarios).map(scenario => ({ name, scenario, config: configOf(scenario, configs) })),
  )
  it.each(rows)('$name: $scenario.title', ({ scenario, config }) => play(scenario, config, 'memory'))
})
