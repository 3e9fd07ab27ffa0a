import { describe, expect, it } from 'vitest'
import { CertificateFaults } from '../../src/wire/certificate-faults.ts'
import { DerCursor } from '../../src/wire/der.ts'
import { MAX_NAME_CHARS, nameText } from '../../src/wire/x509-name.ts'
import { attribute, commonName, der, integer, organization, sequence, setOf, text, utf8 } from './der-bytes.ts'
import { type Bytes, hex } from './tls-bytes.ts'

const CN = '2.5.4.3'

function read(...relativeNames: readonly Bytes[]) {
  const bytes = Uint8Array.from(relativeNames.flat())
  const faults = new CertificateFaults()
  const name = nameText(new DerCursor(bytes, 0, bytes.length, faults))
  return { name, fault: faults.first }
}

const exactly = (name: string) => ({ name, fault: null })
const named = (value: Bytes): Bytes => setOf(attribute(CN, value))

describe('nameText', () => {
  it('puts the most specific part first', () =>
    expect(read(organization('Example'), commonName('web.example.test'))).toEqual(
      exactly('CN=web.example.test,O=Example'),
    ))

  it('reads an empty name as an empty text', () => expect(read()).toEqual(exactly('')))

  it('joins the attributes of one relative name by a plus sign', () =>
    expect(read(setOf(attribute('2.5.4.10', utf8('A')), attribute(CN, utf8('B'))))).toEqual(exactly('O=A+CN=B')))

  it('shows an unknown attribute by its identifier and its encoded value', () =>
    expect(read(setOf(attribute('1.2.3.4', utf8('hi'))))).toEqual(exactly('1.2.3.4=#0c026869')))

  it('shows a value that is no string by its encoding', () =>
    expect(read(named(integer(5)))).toEqual(exactly('CN=#020105')))

  it.each([
    { name: 'separators', value: 'a,b+c;d', text: 'a\\,b\\+c\\;d' },
    { name: 'quotes, brackets and backslashes', value: '"<\\>"', text: '\\"\\<\\\\\\>\\"' },
    { name: 'a leading space', value: ' a', text: '\\ a' },
    { name: 'a leading number sign', value: '#04', text: '\\#04' },
    { name: 'a trailing space', value: 'a ', text: 'a\\ ' },
    { name: 'nothing but a space', value: ' ', text: '\\ ' },
    { name: 'a line feed', value: 'a\nCN=b', text: 'a\\0aCN=b' },
    { name: 'a right-to-left override', value: 'a\u202eb', text: 'a\\e2\\80\\aeb' },
  ])('escapes $name', ({ value, text: want }) => expect(read(commonName(value))).toEqual(exactly(`CN=${want}`)))

  it.each([
    { name: 'UTF8String', value: utf8('Zoë 日本 😀'), text: 'Zoë 日本 😀' },
    { name: 'UTF8String with a byte order mark kept', value: der(0x0c, hex('efbbbf41')), text: '\\ef\\bb\\bfA' },
    { name: 'PrintableString with a wildcard', value: text(0x13, '*.example.test'), text: '*.example.test' },
    { name: 'IA5String', value: text(0x16, 'a@example.test'), text: 'a@example.test' },
    { name: 'TeletexString', value: der(0x14, hex('5aeb')), text: 'Zë' },
    { name: 'BMPString', value: der(0x1e, hex('65e5672c d83dde00')), text: '日本😀' },
    { name: 'UniversalString', value: der(0x1c, hex('00000041 0001f600')), text: 'A😀' },
  ])('reads a $name', ({ value, text: want }) => expect(read(named(value))).toEqual(exactly(`CN=${want}`)))

  it.each([
    { name: 'UTF-8 cut short', value: '0c02 41c3' },
    { name: 'an overlong slash in UTF-8', value: '0c02 c0af' },
    { name: 'a surrogate in UTF-8', value: '0c03 eda080' },
    { name: 'UTF-8 in a PrintableString', value: '1302 c3ab' },
    { name: 'half a character in a BMPString', value: '1e03 004100' },
    { name: 'half a pair in a BMPString', value: '1e02 d83d' },
    { name: 'a character beyond Unicode', value: '1c04 00110000' },
  ])('never guesses at $name', ({ value }) =>
    expect(read(named(hex(value)))).toEqual({ name: `CN=#${value.replace(' ', '')}`, fault: 'bad_string' }),
  )

  it('shows an embedded NUL instead of ending there', () =>
    expect(read(commonName('bank.test\0.evil.test'))).toEqual({
      name: 'CN=bank.test\\00.evil.test',
      fault: 'embedded_nul',
    }))

  it.each([
    { name: 'an empty relative name', parts: [setOf()], fault: 'bad_name' },
    { name: 'an attribute outside a set', parts: [attribute(CN, utf8('a'))], fault: 'bad_name' },
    { name: 'an attribute without a value', parts: [setOf(sequence(hex('0603550403')))], fault: 'missing_field' },
    { name: 'an attribute without a type', parts: [setOf(sequence(utf8('a')))], fault: 'bad_tag' },
    { name: 'a part that runs over its end', parts: [commonName('a'), hex('3110 300e')], fault: 'bad_length' },
    { name: 'half of its bytes', parts: [commonName('a'), hex('31')], fault: 'bad_length' },
  ])('gives no name for $name', ({ parts, fault }) => expect(read(...parts)).toEqual({ name: null, fault }))

  it.each([
    { name: 'one long value', parts: [commonName('a'.repeat(MAX_NAME_CHARS))] },
    { name: 'many values', parts: new Array(1000).fill(commonName('12345')) },
    { name: 'many values in one set', parts: [setOf(...new Array(1000).fill(attribute(CN, utf8('12345'))))] },
    { name: 'a long value that is no text', parts: [named(der(0x04, new Array(50_000).fill(0)))] },
    { name: 'a long value of an unknown attribute', parts: [setOf(attribute('1.2.3', utf8('a'.repeat(50_000))))] },
  ])('gives no part of a name with $name', ({ parts }) =>
    expect(read(...parts)).toEqual({ name: null, fault: 'too_large' }),
  )
})
