"""A mail server on loopback that keeps what it gets: FOLDER PORT starttls|implicit.

FOLDER holds server.pem and server.key. Each mail becomes a file: envelope, encryption, and the decoded text.
"""

import email
import email.policy
import itertools
import os
import signal
import ssl
import sys

from aiosmtpd.controller import Controller

folder, port, encryption = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Keeper:
    numbers = itertools.count(1)

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        name = os.path.join(folder, f"{next(self.numbers):04}")
        with open(name + ".part", "w", encoding="utf-8") as file:
            print("envelope-to:", ",".join(envelope.rcpt_tos), file=file)
            print("encrypted:", session.ssl is not None or encryption == "implicit", file=file)
            for header in ("Message-ID", "From", "To", "Subject"):
                print(f"{header}: {message[header]}", file=file)
            print("\n" + message.get_content(), file=file)
        os.rename(name + ".part", name + ".eml")
        return "250 kept"


tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
if encryption == "starttls":
    options = {"tls_context": tls, "require_starttls": True}
else:
    options = {"ssl_context": tls}
controller = Controller(Keeper(), hostname="127.0.0.1", port=port, **options)
controller.start()
print("listening", flush=True)
signal.pause()
