"""Apache Thrift by its own library: `thrift-peer.py server|client HOST PORT binary|compact`. One call, echo("hello")."""
import sys

from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.Thrift import TMessageType, TType
from thrift.transport import TSocket, TTransport

role, host, port, protocol = sys.argv[1:5]
kind = TBinaryProtocol.TBinaryProtocol if protocol == "binary" else TCompactProtocol.TCompactProtocol


def say(out, message_type, field, words):
    out.writeMessageBegin("echo", message_type, 1)
    out.writeStructBegin("echo")
    out.writeFieldBegin("words", TType.STRING, field)
    out.writeString(words)
    out.writeFieldEnd()
    out.writeFieldStop()
    out.writeStructEnd()
    out.writeMessageEnd()
    out.trans.flush()


def hear(source):
    source.readMessageBegin()
    source.skip(TType.STRUCT)
    source.readMessageEnd()


if role == "server":
    listening = TSocket.TServerSocket(host, int(port))
    listening.listen()
    print("ready", flush=True)
    while True:
        wire = TTransport.TFramedTransport(listening.accept()) if protocol == "compact" else TTransport.TBufferedTransport(listening.accept())
        talk = kind(wire)
        hear(talk)
        say(talk, TMessageType.REPLY, 0, "hello")
        wire.close()

socket = TSocket.TSocket(host, int(port))
wire = TTransport.TFramedTransport(socket) if protocol == "compact" else TTransport.TBufferedTransport(socket)
wire.open()
talk = kind(wire)
say(talk, TMessageType.CALL, 1, "hello")
hear(talk)
wire.close()
