import { z } from 'zod'
import { count, shaped, text } from './primitives.ts'
import { filePath } from './secret-fields.ts'
import { forms, section } from './section.ts'

const money = shaped(
  'BAD_NUMBER',
  'this is not an amount of money',
  'write a decimal number in quotes, as in "2.50"',
  value => /^\d+(?:\.\d+)?$/.test(value),
).nullish()

const rates = section(
  { noun: 'the rates of a model', about: 'US dollars per million tokens, as text.' },
  {
    input: money,
    output: money,
    cacheRead: money,
    cacheWrite: money,
    reasoning: money,
    inputAudio: money,
    outputAudio: money,
  },
)

const catalog = section(
  { noun: 'a model catalog', about: 'Prices by provider and model.' },
  {
    providers: z
      .record(
        z.string(),
        section(
          { noun: 'a provider of the catalog', about: 'Prices of its models.' },
          {
            models: z
              .record(
                z.string(),
                section(
                  { noun: 'a model of the catalog', about: 'What it costs.' },
                  {
                    rates: rates.optional(),
                    tiers: z
                      .array(
                        section(
                          { noun: 'a price tier', about: 'Rates for long prompts.' },
                          { contextOver: count().describe('Prompts with more tokens than this.'), rates },
                        ),
                      )
                      .optional(),
                    tags: z.array(text).optional(),
                  },
                ),
              )
              .optional(),
          },
        ),
      )
      .optional(),
  },
)

/** Prices of models, in a file or here. */
export const modelCatalog = section(
  {
    noun: 'an entry of modelCatalog',
    about: 'Prices of models, in a file or here.',
    oneOf: ['file', 'inline'],
  },
  {
    file: filePath.optional().describe('File with a catalog.'),
    inline: forms('A catalog.', { 'its text': text, 'a map': catalog }).optional(),
  },
)
