import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { replayCapture } from '../../captures/make/records.ts'
import { certificateCacheStats } from '../../src/dissect/tls-certificate-cache.ts'
import { helloCacheStats } from '../../src/dissect/tls-offer.ts'
import { heldJoinBytes } from '../../src/dissect/tls-state.ts'

const CAPTURE = fileURLToPath(new URL('../../captures/tls12-ecdhe-rsa-aes128gcm.pcap', import.meta.url))

it('hellos and certificates seen again are found, and give the same facts', async () => {
  const first = await replayCapture(CAPTURE)
  const before = { certificates: certificateCacheStats(), hellos: helloCacheStats() }
  expect(before.certificates.entries).toBe(2)
  const second = await replayCapture(CAPTURE)
  const after = { certificates: certificateCacheStats(), hellos: helloCacheStats() }
  expect(second.records).toEqual(first.records)
  expect(after.certificates).toMatchObject({ entries: 2, hits: before.certificates.hits + 2, flushes: 0 })
  expect(after.hellos.offers.hits).toBe(before.hellos.offers.hits + 1)
  expect(after.hellos.serverFingerprints.hits).toBe(before.hellos.serverFingerprints.hits + 1)
})

it('bytes of messages that records split are given back', async () => {
  await replayCapture(fileURLToPath(new URL('../../captures/tls13-tiny-segments.pcap', import.meta.url)))
  await replayCapture(fileURLToPath(new URL('../../captures/tls12-lost-segment.pcap', import.meta.url)))
  expect(heldJoinBytes()).toBe(0)
})
