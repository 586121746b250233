/** What clients send, 1.1 KB, and what the upstream answers, 0.7 KB: a chat completion. */
export const REQUEST = JSON.stringify({
  model: 'gpt-4o-mini',
  messages: [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: 'Tell me what a loop is. '.repeat(40) },
  ],
})

export const ANSWER = JSON.stringify({
  id: 'chatcmpl-0123456789',
  object: 'chat.completion',
  created: 1_750_000_000,
  model: 'gpt-4o-mini',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'A loop says the same again until it is told to stop. '.repeat(7),
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 250,
    completion_tokens: 90,
    total_tokens: 340,
    prompt_tokens_details: { cached_tokens: 0 },
  },
})

export const PATH = '/v1/chat/completions'
