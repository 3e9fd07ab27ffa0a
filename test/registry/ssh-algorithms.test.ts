import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { allSshNames, sshCipher, sshHostKey, sshKex, sshMac } from '../../src/registry/ssh-algorithms.ts'

const hasSsh = ((): boolean => {
  try {
    return execFileSync('ssh', ['-Q', 'kex']).length > 0
  } catch {
    return false
  }
})()

describe("SSH's algorithms", () => {
  it.each([
    ['diffie-hellman-group1-sha1', { kind: 'dh', hash: 'sha1', bits: 1024, securityBits: 80 }],
    ['diffie-hellman-group-exchange-sha256', { kind: 'dh_gex', hash: 'sha256', bits: 0 }],
    ['curve25519-sha256@libssh.org', { kind: 'ecdh', securityBits: 128, postQuantum: false }],
    ['mlkem768x25519-sha256', { kind: 'hybrid', postQuantum: true }],
    ['sntrup761x25519-sha512@openssh.com', { kind: 'hybrid', postQuantum: true }],
    ['gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g==', { kind: 'dh', hash: 'sha1', bits: 2048 }],
  ])('knows the key exchange %s', (name, properties) => {
    expect(sshKex(name)).toMatchObject(properties)
  })

  it('knows ciphers, MACs and host keys by what they are', () => {
    expect(sshCipher('3des-cbc')).toMatchObject({ kind: 'cbc', bits: 112, blockBits: 64 })
    expect(sshCipher('chacha20-poly1305@openssh.com')).toMatchObject({ kind: 'aead', bits: 256 })
    expect(sshMac('hmac-sha1-96-etm@openssh.com')).toMatchObject({ hash: 'sha1', tagBits: 96, etm: true })
    expect(sshHostKey('ssh-rsa')).toMatchObject({ keyType: 'rsa', hash: 'sha1' })
    expect(sshHostKey('rsa-sha2-512')).toMatchObject({ keyType: 'rsa', hash: 'sha512' })
  })

  it('has nothing to say of a name that no list has', () => {
    expect(sshKex('gss-')).toBeNull()
    expect(sshKex('quantum@example.com')).toBeNull()
    expect(sshCipher('__proto__')).toBeNull()
  })

  it.skipIf(!hasSsh)('knows every name that OpenSSH does (needs ssh)', () => {
    const theirs = (what: string) => execFileSync('ssh', ['-Q', what], { encoding: 'utf8' }).trim().split('\n')
    const missing = (what: string, ours: readonly string[]) => theirs(what).filter((name) => !ours.includes(name))
    expect(missing('kex', allSshNames('kex'))).toEqual([])
    expect(missing('cipher', allSshNames('cipher'))).toEqual([])
    expect(missing('mac', allSshNames('mac'))).toEqual([])
    expect(missing('HostKeyAlgorithms', allSshNames('host_key'))).toEqual([])
  })
})
