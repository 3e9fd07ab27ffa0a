/** HASSH (salesforce/hassh): MD5 of what an SSH end offers. Each end is asked for the direction in which it sends. */
import { createHash } from 'node:crypto'
import type { SshKexInit } from './ssh-kexinit.ts'

const md5 = (...lists: readonly string[]): string => createHash('md5').update(lists.join(';'), 'latin1').digest('hex')

/** Of a client's message: 32 hex digits. */
export const hassh = (offer: SshKexInit): string =>
  md5(offer.kexAlgorithms, offer.encryptionClientToServer, offer.macClientToServer, offer.compressionClientToServer)

/** Of a server's message: 32 hex digits. */
export const hasshServer = (offer: SshKexInit): string =>
  md5(offer.kexAlgorithms, offer.encryptionServerToClient, offer.macServerToClient, offer.compressionServerToClient)
