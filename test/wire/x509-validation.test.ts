import { expect, it } from 'vitest'
import { validationOf } from '../../src/wire/x509-validation.ts'

it.each([
  { policies: ['2.23.140.1.2.1'], want: 'dv' },
  { policies: ['1.3.6.1.4.1.44947.1.1.1', '2.23.140.1.2.2'], want: 'ov' },
  { policies: ['2.23.140.1.2.3'], want: 'iv' },
  { policies: ['2.23.140.1.2.2', '2.23.140.1.1'], want: 'ev' },
  { policies: ['2.23.140.1.2', '2.23.140.1.31', '2.5.29.32.0'], want: null },
  { policies: [], want: null },
])('$policies is $want', ({ policies, want }) => expect(validationOf(policies)).toBe(want))
