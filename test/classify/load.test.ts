import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, describeRule, listPolicies, loadPolicy } from '../../src/classify/load.ts'
import { checkPolicy } from '../../src/classify/policy.ts'
import { OperatorError } from '../../src/core/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-policy-'))
afterAll(() => rmSync(folder, { recursive: true }))

function errorOf(work: () => unknown): OperatorError {
  try {
    work()
  } catch (error) {
    if (error instanceof OperatorError) return error
  }
  throw new Error('no OperatorError was thrown')
}

const RULE = {
  id: 'one',
  title: 'One',
  clause: '1',
  source: 'House',
  severity: 'high',
  outcome: 'fail',
  effective_from: null,
  effective_to: null,
  observable: 'yes',
  fix: 'someone',
  cite: 'RFC 0',
  when: { protection: 'cleartext' },
}
const PACK = { id: 'house', title: 'House', source: 'House', version: '1', asOf: '2026-11-24', rules: [RULE] }
const packWith = (changes: Record<string, unknown>) => ({ ...PACK, rules: [{ ...RULE, ...changes }] })

describe('the packs shipped', () => {
  it('are found by name, each under its own id', () => {
    expect(listPolicies().map(({ id }) => id)).toEqual(['sec09-literal', 'sec09-recommended'])
    expect(loadPolicy('sec09-literal').id).toBe('sec09-literal')
  })
  it('include the default', () => expect(loadPolicy(DEFAULT_POLICY).rules.length).toBeGreaterThan(20))
})

describe('a pack of the operator', () => {
  it('is read from its path', () => {
    const path = join(folder, 'house.json')
    writeFileSync(path, JSON.stringify(PACK))
    expect(loadPolicy(path)).toEqual(PACK)
  })
  it('that is not JSON says where', () => {
    const path = join(folder, 'broken.json')
    writeFileSync(path, '{ "id": ')
    expect(errorOf(() => loadPolicy(path))).toMatchObject({
      code: 'ERR_POLICY_INVALID',
      message: expect.stringContaining(path),
    })
  })
  it.each(['sec09', join(folder, 'absent.json'), folder, '../sec09-literal'])(
    'called %s is not found, and the choices are named',
    (name) =>
      expect(errorOf(() => loadPolicy(name))).toMatchObject({
        code: 'ERR_POLICY_NOT_FOUND',
        fix: expect.stringContaining('sec09-literal or sec09-recommended'),
      }),
  )
})

describe('a rule in words', () => {
  it('is found by the violation that names it', () =>
    expect(describeRule('sec09-recommended/suite-rc4')).toMatchObject({ severity: 'high', cite: 'RFC 7465' }))
  it.each(['sec09-recommended/none', 'nobody/suite-rc4', 'suite-rc4', ''])('is null for "%s"', (violation) =>
    expect(describeRule(violation)).toBeNull(),
  )
})

describe('a pack with a mistake is refused, and told where and how to mend it', () => {
  it.each([
    { name: 'not an object', json: [], at: 'house.json:', fix: '{ … }' },
    { name: 'no rules', json: { ...PACK, rules: [] }, at: 'house.json: rules', fix: 'at least one' },
    { name: 'a key misspelt', json: { ...PACK, ruels: [] }, at: 'house.json: unknown key "ruels"', fix: 'rules' },
    { name: 'a rule twice', json: { ...PACK, rules: [RULE, RULE] }, at: 'rules[1].id', fix: 'its own id' },
    { name: 'a strange id', json: packWith({ id: 'One two' }), at: 'rules[0].id', fix: 'small letters' },
    {
      name: 'a severity that does not exist',
      json: packWith({ severity: 'bad' }),
      at: 'rules[0].severity',
      fix: 'critical',
    },
    {
      name: 'an outcome that does not exist',
      json: packWith({ outcome: 'pass' }),
      at: 'rules[0].outcome',
      fix: 'fail, warn',
    },
    {
      name: 'a day that does not exist',
      json: packWith({ effective_from: '2026-02-30' }),
      at: 'effective_from',
      fix: '2026-03-15',
    },
    {
      name: 'an end before its start',
      json: packWith({ effective_from: '2026-02-02', effective_to: '2026-02-01' }),
      at: 'effective_to',
      fix: '2026-02-02',
    },
    { name: 'dates left out', json: packWith({ effective_to: undefined }), at: 'effective_to', fix: 'null' },
    { name: 'an empty title', json: packWith({ title: ' ' }), at: 'rules[0].title', fix: 'not empty' },
    { name: 'an empty condition', json: packWith({ when: {} }), at: 'rules[0].when', fix: 'tls_version' },
    {
      name: 'an unknown word',
      json: packWith({ when: { tls_verison: {} } }),
      at: 'rules[0].when.tls_verison',
      fix: 'tls_version',
    },
    {
      name: 'a word of every object',
      json: packWith({ when: { toString: true } }),
      at: 'rules[0].when.toString',
      fix: 'tls_version',
    },
    {
      name: 'a mistake deep inside',
      json: packWith({ when: { all: [{ not: { cipher_suite: { bits_lt: '112' } } }] } }),
      at: 'rules[0].when.all[0].not.cipher_suite.bits_lt',
      fix: 'without quotes',
    },
    {
      name: 'an unknown version',
      json: packWith({ when: { tls_version: { in: ['1.2'] } } }),
      at: 'when.tls_version.in[0]',
      fix: 'tls1.2',
    },
    {
      name: 'a suite by name',
      json: packWith({ when: { cipher_suite: { in: ['AES'] } } }),
      at: 'when.cipher_suite.in[0]',
      fix: '0xC02F',
    },
    {
      name: 'an empty list',
      json: packWith({ when: { cipher_suite: { in: [] } } }),
      at: 'when.cipher_suite.in',
      fix: 'at least one',
    },
    {
      name: 'an unknown group word',
      json: packWith({ when: { named_group: { size: 1 } } }),
      at: 'when.named_group.size',
      fix: 'bits_lt',
    },
    {
      name: 'an unknown certificate word',
      json: packWith({ when: { server_certificate: { which: 'leaf', colour: 1 } } }),
      at: 'server_certificate.colour',
      fix: 'key_type',
    },
    {
      name: 'an unknown choice of certificates',
      json: packWith({ when: { server_certificate: { which: 'first', expired: true } } }),
      at: 'server_certificate.which',
      fix: 'leaf, issuers, any',
    },
    {
      name: 'a certificate without a condition',
      json: packWith({ when: { server_certificate: { which: 'leaf' } } }),
      at: 'server_certificate',
      fix: 'key_type',
    },
    {
      name: 'a yes/no as a text',
      json: packWith({ when: { compression: 'true' } }),
      at: 'when.compression',
      fix: 'without quotes',
    },
  ])('$name', ({ json, at, fix }) => {
    const error = errorOf(() => checkPolicy(json, 'house.json'))
    expect(error.code).toBe('ERR_POLICY_INVALID')
    expect(error.message).toContain(at)
    expect(error.fix).toContain(fix)
  })
})
