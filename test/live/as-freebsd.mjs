/** Loaded before a capture: the process takes its system for FreeBSD. koffi has to find its own library before. */
import 'koffi'

Object.defineProperty(process, 'platform', { value: 'freebsd' })
