### What a client says that cannot reach or understand the daemon.

client-no-socket = there is no socket { $path }: is licensed running? { $start }
client-not-listening = nobody listens on { $path }: licensed does not run any more. { $look } { $start }
client-start-systemd = Start it with `systemctl start licensed`.
client-start-script = Start it with `/etc/init.d/licensed start`.
client-start = Start it.
client-look-systemd = See `systemctl status licensed` and `journalctl -u licensed`.
client-look = See the log of licensed.
client-not-permitted = the user { $user } may not open { $path }: run `usermod -aG { $group } { $user }` as root, then start anew what runs as that user. A running PHP-FPM must be restarted: it keeps the groups that it started with
client-root-alone = the user { $user } may not open { $path }, and no group may: run the command as root
client-cannot-connect = cannot connect to { $path }: { $why }
client-untrusted-peer = uid { $uid } listens on { $path }, which is neither root nor the user licensed: nothing was sent; find out whose process it is with `ss -xlp`
client-deadline = the daemon did not answer within { $seconds } s. { $look }
client-closed = the daemon closed the connection before it answered; try again. { $look }
client-half-frame = the daemon closed the connection inside its answer, { $got } bytes in and at least { $missing } short; try again. { $look }
client-oversized = the daemon announced an answer of { $len } bytes, the limit is { $max }: is it licensed that listens there?
client-version = { $why }; install the client and the daemon of the same release
client-malformed = the daemon's answer cannot be read: { $why }; are client and daemon of one release?
client-unexpected = the daemon gave an answer to another request: { $answer }. { $look }
client-unsendable = the request cannot be sent: { $why }; ask for less at once
client-io = the connection to the daemon failed: { $why }
