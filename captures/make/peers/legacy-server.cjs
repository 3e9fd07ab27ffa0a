// Runs on Node 0.10: ES5 only. Options (JSON): host, port, key, cert, and what tls.createServer takes.
// biome-ignore-all lint: Node 0.10 knows neither const, arrow functions nor node: imports.
var fs = require('fs')
var tls = require('tls')

var options = JSON.parse(process.argv[2])
options.key = fs.readFileSync(options.key)
options.cert = fs.readFileSync(options.cert)
var server = tls.createServer(options, function (socket) {
  socket.on('error', function () {})
  socket.once('data', function () {
    socket.end('HTTP/1.0 200 OK\r\n\r\nhello\n')
  })
})
server.on('clientError', function () {})
server.listen(options.port, options.host, function () {
  console.log('ready')
})
