"""Attaches programs to sockets and sends frames through them; no module outside of the standard library.

Reads JSON jobs from standard input, one a line: {"program": hex, "frames": [hex], "via": "unix" | "veth"}. Writes a JSON
list for each: the bytes of each frame that came through, or null; or {"refused": errno} when the kernel refuses the program.
"""
import ctypes
import json
import socket
import struct
import subprocess
import sys

SO_ATTACH_FILTER = 26
ETH_P_ALL = 3


def attach(sock, program):
    buffer = ctypes.create_string_buffer(program, len(program))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(buffer)))


def sockets(via):
    """A datagram over a UNIX socket is to a filter what a frame is: its bytes from offset 0."""
    if via == "unix":
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair = []
    for name in ("bpf0", "bpf1"):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL if name == "bpf1" else 0))
        sock.bind((name, ETH_P_ALL if name == "bpf1" else 0))
        pair.append(sock)
    return pair


def received(sock):
    try:
        return len(sock.recv(65536, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return None


def run(job):
    sender, receiver = sockets(job["via"])
    try:
        attach(receiver, bytes.fromhex(job["program"]))
    except OSError as error:
        return {"refused": error.errno}
    answers = []
    for frame in job["frames"]:
        sender.send(bytes.fromhex(frame))
        answers.append(received(receiver))
    sender.close()
    receiver.close()
    return answers


if "veth" in sys.argv:
    subprocess.run("ip link add bpf0 type veth peer name bpf1".split(), check=True)
    for name in ("bpf0", "bpf1"):
        # Without IPv6 the kernel sends nothing of its own.
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as setting:
            setting.write("1")
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
