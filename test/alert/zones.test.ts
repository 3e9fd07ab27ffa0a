import { describe, expect, it } from 'vitest'
import { Zones } from '../../src/alert/zones.ts'

describe('the condition of a zone pair', () => {
  it('leaves out an end of hundreds of ranges, and says so', () => {
    const many = Array.from({ length: 400 }, (_, n) => `10.${n >> 8}.${n & 255}.0/25`)
    const zones = new Zones({ many, lab: ['192.168.7.0/24'] })
    const [from, to] = [zones.of('10.0.1.1'), zones.of('192.168.7.9')]
    expect(zones.pair(from, to)).toBe('many -> lab')
    const sql = zones.pairSql(from, to)
    expect(sql).toMatch(/^true \/\* client_ip: .* too many ranges .*\*\/ AND \(server_ip BETWEEN .*192\.168\.7\.0/)
    expect(sql.length).toBeLessThan(1000)
    expect(zones.pairSql(to, to)).not.toContain('too many')
  })
})
