import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { count, shaped, text } from './primitives.ts'
import { placeText } from './secret-fields.ts'
import { forms, section } from './section.ts'

const money = nullish(
  shaped(
    'BAD_NUMBER',
    'this is not an amount of money',
    'write a decimal number in quotes, as in "2.50", with six decimals at most',
    value => /^\d+(?:\.\d{1,6})?$/.test(value),
  ),
)

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
    providers: optional(
      z.record(
        z.string(),
        section(
          { noun: 'a provider of the catalog', about: 'Prices of its models.' },
          {
            models: optional(
              z.record(
                z.string(),
                section(
                  { noun: 'a model of the catalog', about: 'What it costs.' },
                  {
                    rates: optional(rates),
                    tiers: optional(
                      z.array(
                        section(
                          { noun: 'a price tier', about: 'Rates for long prompts.' },
                          { contextOver: count().describe('Prompts with more tokens than this.'), rates },
                        ),
                      ),
                    ),
                    tags: optional(z.array(text)),
                  },
                ),
              ),
            ),
          },
        ),
      ),
    ),
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
    file: optional(placeText, 'File with a catalog.'),
    inline: optional(forms('A catalog.', { 'its text': text, 'a map with providers': catalog })),
  },
)
