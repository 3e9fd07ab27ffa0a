// Runs on Node 0.10: ES5 only. Options (JSON): host, port, and what tls.connect takes.
// biome-ignore-all lint: Node 0.10 knows neither const, arrow functions nor node: imports.
var tls = require('tls')

var options = JSON.parse(process.argv[2])
options.rejectUnauthorized = false
var socket = tls.connect(options, function () {
  socket.write('GET / HTTP/1.0\r\n\r\n')
})
socket.on('data', function () {})
socket.on('end', function () {
  socket.end()
})
socket.on('close', function () {
  process.exit(0)
})
socket.on('error', function (error) {
  console.error(error.message)
  process.exit(1)
})
