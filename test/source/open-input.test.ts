import { describe, expect, it } from 'vitest'
import { pathError } from '../../src/source/open-input.ts'

describe('pathError', () => {
  it.each([
    { code: 'ENOENT', want: 'ERR_SOURCE_NOT_FOUND' },
    { code: 'ENOTDIR', want: 'ERR_SOURCE_NOT_FOUND' },
    { code: 'EACCES', want: 'ERR_SOURCE_PERMISSION' },
    { code: 'EPERM', want: 'ERR_SOURCE_PERMISSION' },
    { code: 'EIO', want: 'ERR_SOURCE_PERMISSION' },
  ])('tells $code as $want, names the path and says what to do', ({ code, want }) => {
    const error = pathError('a/b.pcap', Object.assign(new Error('as the system says it'), { code }))
    expect(error.code).toBe(want)
    expect(error.message).toContain('a/b.pcap')
    expect(error.fix).toMatch(/\w+ \w+/)
  })
})
