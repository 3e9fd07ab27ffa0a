"""ZeroMQ request and reply: `zmtp.py server|client HOST null|plain|plain-refused|curve`."""
import sys

import zmq
from zmq.auth.thread import ThreadAuthenticator

role, host, mechanism = sys.argv[1:4]
# Example keys of libzmq's documentation (zmq_curve): the client has to know the server's beforehand.
SERVER_PUBLIC = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
SERVER_SECRET = b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
to = f"tcp://{host}:5555"
context = zmq.Context()

if role == "server":
    guard = ThreadAuthenticator(context)
    guard.start()
    guard.configure_plain(domain="*", passwords={"alice": "not-a-secret"})
    guard.configure_curve(domain="*", location=zmq.auth.CURVE_ALLOW_ANY)
    socket = context.socket(zmq.REP)
    if mechanism.startswith("plain"):
        socket.plain_server = True
    if mechanism == "curve":
        socket.curve_server = True
        socket.curve_secretkey = SERVER_SECRET
        socket.curve_publickey = SERVER_PUBLIC
    socket.bind(to)
    print("ready", flush=True)
    while True:
        socket.send(socket.recv())

socket = context.socket(zmq.REQ)
socket.linger = 0
socket.rcvtimeo = 500
socket.reconnect_ivl = 60_000
if mechanism.startswith("plain"):
    socket.plain_username = b"alice"
    socket.plain_password = b"not-a-secret" if mechanism == "plain" else b"not-a-secret-either"
if mechanism == "curve":
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = SERVER_PUBLIC
socket.connect(to)
socket.send(b"hello")
try:
    socket.recv()
except zmq.Again:
    pass
