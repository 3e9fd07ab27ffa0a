import { expect, it } from 'vitest'
import { CLIENT } from '../../src/dissect/dissector.ts'
import { bytesOf, recognisedBy } from './recognised-by.ts'

const message = (length: string, status: string, version: string): Uint8Array =>
  bytesOf(`4553 ${length} 0000000000000001 ${status} ${version} 00000000`)

it.each([
  { name: 'Elasticsearch 7.17.0', version: '006d6833' },
  { name: 'OpenSearch 2.11.0', version: '082085d3' },
])('recognises $name, one byte a segment', ({ version }) => {
  expect(recognisedBy(message('00000011', '08', version), CLIENT)).toBe('elasticsearch')
})

it.each([
  { name: 'a length that cannot hold the header', bytes: message('00000004', '08', '006d6833') },
  { name: 'a status of more bits', bytes: message('00000011', '48', '006d6833') },
  { name: 'a version that never was', bytes: message('00000011', '08', '00000007') },
  { name: 'a word', bytes: bytesOf(Buffer.from('ESTABLISHED CONNECTION').toString('hex')) },
])('is not fooled by $name', ({ bytes }) => {
  expect(recognisedBy(bytes, CLIENT)).toBe(null)
})
