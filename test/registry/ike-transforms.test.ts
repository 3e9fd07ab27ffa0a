import { describe, expect, it } from 'vitest'
import { ikeAuthentication, ikeEncryption, ikeGroup, ikeHash, ikeName } from '../../src/registry/ike-transforms.ts'
import { hasTool, tsharkValues } from './tools.ts'

describe("IKE's transforms and attributes", () => {
  it('have names and what they stand for', () => {
    expect(ikeEncryption(ikeName('encryption', 3))).toMatchObject({ name: 'ENCR_3DES', bits: 112, blockBits: 64 })
    expect(ikeEncryption(ikeName('encryption', 11))).toMatchObject({ kind: 'null' })
    expect(ikeEncryption(ikeName('encryption_v1', 7))).toMatchObject({ name: 'AES-CBC', kind: 'cbc', bits: 0 })
    expect(ikeHash(ikeName('integrity', 2))).toMatchObject({ name: 'AUTH_HMAC_SHA1_96', hash: 'sha1' })
    expect(ikeHash(ikeName('hash_v1', 2))).toMatchObject({ name: 'SHA', hash: 'sha1' })
    expect(ikeGroup(ikeName('group', 2))).toMatchObject({ kind: 'modp', bits: 1024, securityBits: 80 })
    expect(ikeGroup(ikeName('group', 36))).toMatchObject({ postQuantum: true })
    expect(ikeAuthentication(ikeName('authentication_v1', 65001))).toMatchObject({ preShared: true })
  })

  it('are numbers where no registry has them', () => {
    expect(ikeName('encryption', 1023)).toBe('1023')
    expect([ikeEncryption('1023'), ikeHash('1023'), ikeGroup('1023'), ikeAuthentication('1023')]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  it.skipIf(!hasTool('tshark'))('agree with tshark on what it knows (needs tshark)', () => {
    const FIELDS = {
      'isakmp.tf.id.encr': 'encryption',
      'isakmp.tf.id.prf': 'prf',
      'isakmp.tf.id.integ': 'integrity',
      'isakmp.tf.id.dh': 'group',
      'isakmp.ike.attr.encryption_algorithm': 'encryption_v1',
      'isakmp.ike.attr.hash_algorithm': 'hash_v1',
      'isakmp.ike.attr.authentication_method': 'authentication_v1',
    } as const
    // Its own spelling of the same: "AES-GCM with a 16 octet ICV", "Alternate 1024-bit MODP group", PRF_AES128_CMAC6.
    const plain = (name: string) =>
      name
        .toLowerCase()
        .replace(/^aes-/, 'encr_aes_')
        .replace(/ with an? (\d+)[- ]octet icv/, '_$1')
        .replace(/^(default|alternate) /, '')
        .replace('cmac6', 'cmac')
        .replace('prf_aes128_cbc', 'prf_aes128_xcbc')
        .replaceAll(/[ -]/g, '_')
        .replace(/(gp\[2\^\d+\])_group/, '$1')
        .replace('encr_aes_cbc', 'aes_cbc')
    const values = tsharkValues(Object.keys(FIELDS))
    let compared = 0
    for (const [field, use] of Object.entries(FIELDS)) {
      for (const [code, theirs] of values.get(field) ?? []) {
        const ours = ikeName(use, code)
        if (ours === String(code)) continue
        compared += 1
        expect({ field, code, name: plain(ours) }).toEqual({ field, code, name: plain(theirs) })
      }
    }
    expect(compared).toBeGreaterThan(80)
  })
})
