# One end of a conversation over IP, written down beforehand: the kernel need not know the protocol, since the packets go through
# a raw socket. Arguments: role ("client" or "server"), own address, the other's, own port, the other's, then the chunks of
# each packet as [role, hex] in one JSON list. Without ports the packets are payload of the protocol behind them.
import json, socket, struct, sys, time

role, own, other, own_port, other_port, turns = sys.argv[1:7]
SCTP = 132
protocol = int(sys.argv[7]) if len(sys.argv) > 7 else SCTP


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def packet(chunks):
    if protocol != SCTP:
        return chunks
    head = struct.pack(">HHI", int(own_port), int(other_port), 1 if role == "client" else 2)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunks)) + chunks


raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
raw.bind((own, 0))
print("ready", flush=True)
for sender, chunks in json.loads(turns):
    if sender == role:
        raw.sendto(packet(bytes.fromhex(chunks)), (other, 0))
    else:
        raw.recv(65535)
time.sleep(0.2)
