import { expect, it } from 'vitest'
import { intransit } from './run.ts'

it('says of a server that nobody answers at that it is not connected, and speaks of no interface', () => {
  const source = 'tcp://127.0.0.1:9'
  const { status, stderr } = intransit(['capture', '--source', source, '--no-store', '--duration', '3'])
  expect(status).toBe(0)
  expect(stderr).toMatch(/Z tcp:\/\/127\.0\.0\.1:9: is not connected: /)
  expect(stderr).not.toContain('interface is')
})
