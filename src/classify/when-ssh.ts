/** The words about SSH: each asks the algorithm that was agreed on by its name, or by what the registry says of it. */
import {
  type SshCipher,
  type SshHostKey,
  type SshKex,
  type SshMac,
  sshCipher,
  sshHostKey,
  sshKex,
  sshMac,
} from '../registry/ssh-algorithms.ts'
import { type Answer, answer, type Condition, some, UNSEEN } from './answer.ts'
import type { Evidence } from './evidence.ts'
import type { SshTerms } from './terms.ts'
import { aBoolean, aNumber, compileWords, isOneOf, oneOf, texts, type Words } from './words.ts'

export const SSH_WORDS: Words<Evidence> = {
  ssh_version: (value, where) => {
    const wanted = Number(oneOf(value, where, ['1', '2']))
    return ({ ssh }) => (ssh === null || ssh.version === 0 ? UNSEEN : answer(ssh.version === wanted))
  },
  ssh_kex: (value, where) => {
    const condition = compileWords(value, where, KEX_WORDS)
    return onName((ssh) => ssh.kex, sshKex, condition)
  },
  ssh_host_key: (value, where) => {
    const condition = compileWords(value, where, HOST_KEY_WORDS)
    return ({ ssh }) =>
      ssh === null || ssh.hostKey === null
        ? UNSEEN
        : condition({ name: ssh.hostKey, known: sshHostKey(ssh.hostKey), bits: ssh.hostKeyBits })
  },
  ssh_cipher: (value, where) => {
    const condition = compileWords(value, where, CIPHER_WORDS)
    const client = onName((ssh) => ssh.cipherClient, sshCipher, condition)
    const server = onName((ssh) => ssh.cipherServer, sshCipher, condition)
    return (evidence) => some([client, server], evidence)
  },
  ssh_mac: (value, where) => {
    const condition = compileWords(value, where, MAC_WORDS)
    const client = onName((ssh) => ssh.macClient, sshMac, condition)
    const server = onName((ssh) => ssh.macServer, sshMac, condition)
    return (evidence) => some([client, server], evidence)
  },
  ssh_strict_kex: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ ssh }) => (ssh === null || ssh.strictKex === null ? UNSEEN : answer(ssh.strictKex === wanted))
  },
}

interface Named<T> {
  readonly name: string
  /** Null = no list has this name. */
  readonly known: T | null
}

const onName =
  <T>(
    pick: (ssh: SshTerms) => string | null,
    look: (name: string) => T | null,
    condition: Condition<Named<T>>,
  ): Condition<Evidence> =>
  ({ ssh }): Answer => {
    const name = ssh === null ? null : pick(ssh)
    return name === null ? UNSEEN : condition({ name, known: look(name) })
  }

const inNames = <T>(value: unknown, where: string): Condition<Named<T>> =>
  isOneOf(({ name }) => name, texts(value, where))

/** A size that the registry has; 0 = it has none. */
const lessThan =
  <T>(size: (known: T) => number, limit: number): Condition<Named<T>> =>
  ({ known }) => {
    const bits = known === null ? 0 : size(known)
    return bits === 0 ? UNSEEN : answer(bits < limit)
  }

const holds =
  <T>(fact: (known: T) => boolean, wanted: boolean): Condition<Named<T>> =>
  ({ known }) =>
    known === null ? UNSEEN : answer(fact(known) === wanted)

const KEX_WORDS: Words<Named<SshKex>> = {
  in: inNames,
  kind: (value, where) => isOneOf(({ known }) => known?.kind ?? null, texts(value, where)),
  hash: (value, where) => isOneOf(({ known }) => known?.hash ?? null, texts(value, where)),
  bits_lt: (value, where) => lessThan(({ bits }) => bits, aNumber(value, where)),
  security_bits_lt: (value, where) => lessThan(({ securityBits }) => securityBits, aNumber(value, where)),
  post_quantum: (value, where) => holds(({ postQuantum }) => postQuantum, aBoolean(value, where)),
}

const CIPHER_WORDS: Words<Named<SshCipher>> = {
  in: inNames,
  kind: (value, where) => isOneOf(({ known }) => known?.kind ?? null, texts(value, where)),
  bits_lt: (value, where) => lessThan(({ bits }) => bits, aNumber(value, where)),
  block_bits_lt: (value, where) => lessThan(({ blockBits }) => blockBits, aNumber(value, where)),
}

const MAC_WORDS: Words<Named<SshMac>> = {
  in: inNames,
  hash: (value, where) => isOneOf(({ known }) => known?.hash ?? null, texts(value, where)),
  tag_bits_lt: (value, where) => lessThan(({ tagBits }) => tagBits, aNumber(value, where)),
  encrypt_then_mac: (value, where) => holds(({ etm }) => etm, aBoolean(value, where)),
}

interface SeenHostKey extends Named<SshHostKey> {
  /** 0 = not seen. */
  readonly bits: number
}

const HOST_KEY_WORDS: Words<SeenHostKey> = {
  in: inNames,
  key_type: (value, where) => isOneOf(({ known }) => known?.keyType ?? null, texts(value, where)),
  hash: (value, where) => isOneOf(({ known }) => known?.hash ?? null, texts(value, where)),
  key_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return ({ bits }) => (bits === 0 ? UNSEEN : answer(bits < limit))
  },
}
