import { z } from 'zod'
import { moneyDigits } from '../money-text.ts'
import { nullish, optional } from './fields.ts'
import { count, shaped, text } from './primitives.ts'
import { placeText } from './secret-fields.ts'
import { forms, section } from './section.ts'

const amount = shaped(
  'BAD_NUMBER',
  'this is not an amount of money',
  'write a decimal number in quotes, as in "2.50", with six decimals at most',
  value => moneyDigits(value) !== undefined,
)

const rates = section(
  { noun: 'the rates of a model', about: 'US dollars per million tokens, as text.' },
  {
    input: nullish(amount, 'Tokens of the prompt.'),
    output: nullish(amount, 'Tokens of the answer.'),
    cacheRead: nullish(amount, 'Tokens of the prompt that come out of a cache.'),
    cacheWrite: nullish(amount, 'Tokens of the prompt that go into a cache.'),
    reasoning: nullish(amount, 'Tokens of the answer that are thoughts.'),
    inputAudio: nullish(amount, 'Audio in the prompt.'),
    outputAudio: nullish(amount, 'Audio in the answer.'),
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
                      'Other rates for long prompts; the highest one below the prompt prices the whole call.',
                    ),
                    tags: optional(z.array(text), 'Words of your own.'),
                  },
                ),
              ),
              'Name of the model, to the letter → what it costs.',
            ),
          },
        ),
      ),
      'Name of the provider in logs, as in openai → its prices.',
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
