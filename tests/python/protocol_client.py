"""A client of licensed, written from docs/protocol.md alone.

    python3 protocol_client.py SOCKET FEATURE

Asks for the verdict on FEATURE in both encodings, then in an encoding that nobody speaks, and prints one
JSON object: {"json": entitlement, "bincode": entitlement, "unsupported": error}.
"""

import json
import os
import pwd
import socket
import struct
import sys
import time

VERSION = 1
BINCODE, JSON = 0, 1
LONGEST_ANSWER = 1_048_576
SECONDS = 1.0


class Connection:
    """One connection, with one deadline over connecting, writing and reading together."""

    def __init__(self, path, seconds=SECONDS):
        self.deadline = time.monotonic() + seconds
        self.stream = socket.socket(socket.AF_UNIX)
        self.connect(path)
        credentials = self.stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _pid, uid, _gid = struct.unpack("iII", credentials)
        if uid not in trusted_uids():
            raise PermissionError(f"uid {uid} listens on {path}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def connect(self, path):
        while True:
            self.stream.settimeout(self.remaining())
            try:
                return self.stream.connect(path)
            except BlockingIOError:
                # The daemon's queue is full.
                time.sleep(0.005)

    def remaining(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left

    def send(self, encoding, payload):
        self.stream.settimeout(self.remaining())
        self.stream.sendall(struct.pack(">IBB", len(payload) + 2, VERSION, encoding) + payload)

    def receive(self):
        """The next frame: version, encoding and payload."""
        (length,) = struct.unpack(">I", self.exactly(4))
        if not 2 <= length <= LONGEST_ANSWER:
            raise ValueError(f"no frame of licensed: {length} bytes")
        body = self.exactly(length)
        return body[0], body[1], body[2:]

    def exactly(self, count):
        received = b""
        while len(received) < count:
            self.stream.settimeout(self.remaining())
            chunk = self.stream.recv(count - len(received))
            if not chunk:
                raise EOFError(f"the connection ended, {count - len(received)} bytes short")
            received += chunk
        return received


def trusted_uids():
    """Root, the daemon's own user, and who asks."""
    uids = {0, os.getuid()}
    try:
        uids.add(pwd.getpwnam("licensed").pw_uid)
    except KeyError:
        pass
    return uids


class Reader:
    """Reads the bincode types, one after another."""

    def __init__(self, payload):
        self.payload = payload
        self.at = 0

    def number(self, form):
        (value,) = struct.unpack_from("<" + form, self.payload, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def u16(self):
        return self.number("H")

    def u32(self):
        return self.number("I")

    def i64(self):
        return self.number("q")

    def boolean(self):
        return [False, True][self.number("B")]

    def string(self):
        length = self.number("Q")
        text = self.payload[self.at : self.at + length]
        if len(text) < length:
            raise ValueError("a string is cut off")
        self.at += length
        return text.decode()

    def optional(self, read):
        return read() if self.boolean() else None

    def variant(self, *readers):
        return readers[self.u32()]()

    def end(self):
        if self.at != len(self.payload):
            raise ValueError("there are bytes left over")


def read_verdict(it):
    return it.variant(
        lambda: {"granted": {"until": it.i64(), "basis": read_basis(it)}},
        lambda: {"denied": {"code": it.u16(), "reason": it.string()}},
        lambda: {"indeterminate": {"code": it.u16(), "since": it.i64(), "may_run": it.boolean()}},
    )


def read_basis(it):
    return it.variant(lambda: "fresh", lambda: {"offline": {"since": it.i64()}})


def read_entitlement(it):
    return {
        "feature": it.u32(),
        "product": it.optional(it.u32),
        "verdict": read_verdict(it),
        "message": it.string(),
        "session": it.optional(it.string),
        "seats": it.optional(lambda: {"total": it.u32(), "captured": it.u32()}),
        "last_answer": it.optional(it.i64),
        "next_check": it.optional(it.i64),
    }


def check_in_json(connection, feature):
    connection.send(JSON, json.dumps({"check": {"feature": feature}}).encode())
    version, encoding, payload = connection.receive()
    assert (version, encoding) == (VERSION, JSON)
    return json.loads(payload)["entitlement"]


def check_in_bincode(connection, feature):
    # Request 0, the feature, and no holder.
    connection.send(BINCODE, struct.pack("<IIB", 0, feature, 0))
    version, encoding, payload = connection.receive()
    assert (version, encoding) == (VERSION, BINCODE)
    reader = Reader(payload)
    answer = reader.u32()
    if answer != 0:
        raise ValueError(f"answer number {answer} is no entitlement")
    entitlement = read_entitlement(reader)
    reader.end()
    return entitlement


def ask_in_no_encoding(connection):
    connection.send(7, b"check 45, please")
    version, encoding, payload = connection.receive()
    assert (version, encoding) == (0, JSON)
    assert connection.stream.recv(1) == b"", "the daemon closes"
    return json.loads(payload)["error"]


def main():
    path, feature = sys.argv[1], int(sys.argv[2])
    with Connection(path) as connection:
        # The encodings may take turns on one connection.
        said = {
            "json": check_in_json(connection, feature),
            "bincode": check_in_bincode(connection, feature),
        }
    with Connection(path) as connection:
        said["unsupported"] = ask_in_no_encoding(connection)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
