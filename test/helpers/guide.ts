/** The configs of the public guide to API keys, as it prints them, `env` and `file` to the letter. */
const guide = (key: string): string => `binds:
- port: 3000
  listeners:
  - routes:
    - backends:
       - ai:
          name: openai
          provider:
            openAI:
              # Optional; overrides the model in requests
              model: gpt-3.5-turbo
      policies:
        backendAuth:
          ${key}
`

export const GUIDE = {
  inline: guide('key: "sk-proj...."'),
  env: guide('key: "$OPENAI_API_KEY"'),
  file: guide('key: \n            file: "key.txt"'),
} as const
