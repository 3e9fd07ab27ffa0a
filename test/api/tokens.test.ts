import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { holderOf, mayDo, newToken, readTokens } from '../../src/api/tokens.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-tokens-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(text: string): string {
  const file = join(folder, 'tokens')
  writeFileSync(file, text)
  return file
}

describe('a new token', () => {
  const { token, line } = newToken('grafana', 'viewer')

  it('has 256 random bits, and its line only their hash', () => {
    expect(token).toMatch(/^intransit_[\w-]{43}$/)
    expect(newToken('grafana', 'viewer').token).not.toBe(token)
    expect(line).toBe(`grafana viewer ${createHash('sha256').update(token).digest('hex')}`)
  })

  it('is known by its line, and no other token is', () => {
    const holders = readTokens(fileWith(`# for dashboards\n\n${newToken('ci', 'admin').line}\n  ${line}\r\n`))
    expect(holderOf(token, holders)).toMatchObject({ name: 'grafana', role: 'viewer' })
    expect(holderOf(`${token}x`, holders)).toBeNull()
    expect(holderOf('', holders)).toBeNull()
    // Whoever has read the file has no token.
    expect(holderOf(line.slice(-64), holders)).toBeNull()
  })

  it.each([
    ['a b', 'viewer', 'no name'],
    ['', 'viewer', 'no name'],
    ['a\u001b[2J', 'viewer', 'no name'],
    ['x'.repeat(65), 'viewer', 'no name'],
    ['a', 'root', 'no role root'],
  ])('is not made for %j as %s', (name, role, what) => expect(() => newToken(name, role)).toThrow(what))
})

describe('a file of tokens', () => {
  const hash = '0'.repeat(64)

  it.each([
    ['', 'has no token'],
    ['# nothing\n', 'has no token'],
    [`a viewer ${hash}\nb viewer\n`, 'line 2 is not'],
    [`a owner ${hash}`, 'line 1 is not'],
    [`a viewer ${hash.slice(1)}`, 'line 1 is not'],
    [`a viewer ${'A'.repeat(64)}`, 'line 1 is not'],
    [`a viewer ${hash} more`, 'line 1 is not'],
    [`a viewer ${hash}\na admin ${hash}`, 'line 2 has a again'],
  ])('is refused as %j', (text, what) => expect(() => readTokens(fileWith(text))).toThrow(what))

  it('is not repeated where it is wrong: a token may stand there', () => {
    const { token } = newToken('a', 'viewer')
    let message = ''
    try {
      readTokens(fileWith(`a viewer ${token}`))
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('line 1')
    expect(message).not.toContain(token)
  })

  it('that is not there is said so', () => expect(() => readTokens(join(folder, 'none'))).toThrow('ENOENT'))
})

it('a role has those before it', () => {
  expect([mayDo('viewer', 'viewer'), mayDo('operator', 'viewer'), mayDo('admin', 'operator')]).toEqual([
    true,
    true,
    true,
  ])
  expect([mayDo('viewer', 'operator'), mayDo('operator', 'admin')]).toEqual([false, false])
})
