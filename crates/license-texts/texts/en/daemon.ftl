### What the daemon says of itself, and what comes of commands.

## Pieces.

with-code = ({ $code }) { $message }
and-also = { $one }; { $other }
listed = { $one }, { $other }
amount-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
amount-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
amount-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

## What it is in, and what to do.

no-server = No license server is configured. Set `server` in /etc/licensed/licensed.toml, or start licensed with --server URL.
no-root-key = There is no root key of the license server, so nothing that it says can be believed. Put its public key into { $path }, then reload licensed.
status-not-asked = it was not asked yet
status-registering = A number is being registered or activated; the license server has not answered yet.
status-registering-unknown = A number is being registered or activated, and nobody knows yet what came of it: { $why }.
status-unregistered = This host has no registration number. Register, or activate a number.
status-unregistered-without-server = This host has no registration number. { $what_to_do }
status-fresh = Bound; the license server answers.
status-host-changed = Bound, on other hardware than before: a move, a new board, or a copy. The license server is told at the next check, and its last lease is honoured: { $why }.
status-draining = The daemon is stopping.
status-offline = Bound; the license server is away and its last lease is honoured: { $why }.
status-lapsed = The lease has ended without an answer of the license server: { $why }.
status-recovering = What was held is lost; the license server is asked for it: { $why }.

## Warnings.

reset-is-not-told = The license server does not know yet that this host was reset.
releases-are-not-told = The license server does not know yet that this host gave { $seats } of its seats back.
no-seat-at-all = This host holds no seat of its license: no feature may run here. See `licensectl features`.
lease-runs-out = { $percent } % of the time that the license server's last word counts is over: { $left } are left. Make the license server reachable, then run `licensectl recheck`.
clock-ahead = The clock of this host is { $amount } ahead of the license server's. No license depends on it; set the clock right, or set up NTP.
clock-behind = The clock of this host is { $amount } behind the license server's. No license depends on it; set the clock right, or set up NTP.
store-not-written = cannot write { $path }: { $error }; the binding is kept in memory until it can be written

## The number that lies ready for the first start.

number-lies-ready = The number in { $path } is activated as soon as the license server answers.
number-refused = The number in { $path } was refused: ({ $code }) { $why }. It is tried again at the next start.
number-not-activated = the number in { $path } is not activated: { $why }
number-file-exposed = { $path } is not used: others than its owner can read it, and whoever has the number can bind hosts to it. Run `chmod 600 { $path }`, then restart licensed
number-file-unread = cannot read the registration number in { $path }: { $error }
number-file-malformed = { $path } holds no registration number: it must match ^MIKO(-[A-Z0-9]{"{"}5{"}"}){"{"}4{"}"}$

## What comes of commands.

number-activated = The registration number is activated on this host.
coupon-activated = The coupon is activated.
trial-added = The number holds product { $product }, by this trial or from before.
number-forgotten = The registration number is forgotten on this host.
reset-is-told-later = The license server is told as soon as it can be reached; until then it counts the seats.
seat-released = The seat is released.
seat-released-here = The seat is released on this host.
release-is-told-later = The license server is told as soon as it can be reached: { $why }
by-last-statement = The license server did not say so now: this is by its last statement.
would-capture = A seat of feature { $feature } is free for this host; a capture would take it.
would-capture-again = This host holds a seat of feature { $feature }; a capture gives it again.
metrics-sent = The metrics are sent.
deprovisioned = Stopped; the next start makes a new host.
deprovision-not-begun = Nothing is given up: cannot write to { $folder }: { $error }
deprovision-not-finished = Not everything could be removed from { $folder }: { $error }. The next start goes on with it; before an image is made, remove the folder.
host-to-be-dropped = The license server was not told, and still counts the seats of this host. Drop the host { $host } in the cabinet, or: license-server admin binding drop --number NUMBER --host { $host }
host-of-number-to-be-dropped = The license server was not told, and still counts the seats of this host. Drop the host { $host } of the number { $number } in the cabinet, or: license-server admin binding drop --number NUMBER --host { $host }

## The configuration, read again.

reloaded = The configuration is read again; { $changed }.
no-option-changed = no option changed
root-keys-changed = root keys: { $before } → { $after }
needs-restart = { $change } needs a restart: systemctl restart licensed
log-level-is-fixed = The level of the log stays as LICENSED_LOG says
no-group = there is no group { $group }: what its members might do, root alone may
no-socket-folder = there is no folder { $folder } for the socket: systemd makes it with RuntimeDirectory=; else make it before the start
too-few-files = limits.connections = { $connections } needs { $needed } open files, and this process may have { $limit }: set LimitNOFILE={ $needed } in the unit

## What cannot be done, and why.

not-permitted = The user with id { $uid } may not do this ({ $request }). Run it as root, or join the admin group: usermod -aG licensed-admin USER, then log in again.
draining = The daemon is stopping. Try again in a moment.
overtaken-by-reset = The request was overtaken by a reset.
overtaken-by-capture = The request was overtaken by a new capture.
undone-at-once = It was done, and undone by another request at once.
no-such-seat = This host holds no seat { $session }.
too-many-seats = This user holds as many seats as one user may (limits.seats_per_uid). Release some, or take this one as an administrator.
too-many-features = At most { $most } features can be asked for at once.
too-many-metrics = At most { $most } metrics can be sent at once, with names and values of up to { $longest } bytes.
too-many-waiting = As many requests wait for the license server as may (limits.waiting_requests). Try again in a moment.
too-many-waiting-of-user = As many requests of this user wait for the license server as may (limits.waiting_requests_per_uid). Try again in a moment.
too-many-connections = The daemon has as many connections as it may have (limits.connections). Close some, and try again.
too-many-connections-of-user = This user has as many connections as one user may have (limits.connections_per_uid). Close some, and try again.
counts-not-written = The counts cannot be written as text.
request-not-prepared = The request cannot be prepared on this host: { $error }
earlier-call-unanswered = an earlier call is not answered yet
answer-without-license = The license server answered without the license.

## Frames.

request-unreadable = The request cannot be read: { $why }.
request-too-long = The request is longer than { $most } bytes.
answer-too-long = The answer is longer than { $most } bytes: { $error }. Ask for less at once.
frame-cut = the connection was closed in the middle of a frame
frame-not-complete = the frame was not complete after { $time }
watch-is-last = a watch is the last request of its connection
watch-is-alone = A watch is a connection of its own.

## The way to the license server. "Host lookup failed" is what MikoPBX looks for.

transport-lookup = Host lookup failed for { $url }: { $detail }
transport-connect = No connection to { $url }: { $detail }
transport-tls = No trusted TLS session with { $url }: { $detail }
transport-timeout = No answer in time from { $url }: { $detail }
transport-body = No complete answer from { $url }: { $detail }
transport-also = { $first }; { $other }
transport-too-long = it is too long
answer-of-no-server = { $url } answered with HTTP status { $status }, and not as a license server
proxy-wants-credentials = the proxy { $proxy } wants a user and a password, or others than these (HTTP status 407); see `proxy` in licensed.toml
proxy-refuses = the proxy { $proxy } does not let the call through
proxy-lookup = the name of the proxy { $proxy } has no address: { $error }
proxy-on-the-way = { $error } (through the proxy { $proxy })
certificate-expired = its certificate expired on { $end }, and it is { $now } by what this host knows; if that is wrong, set the clock
certificate-not-yet-valid = its certificate is valid from { $begin }, and it is { $now } by what this host knows; if that is wrong, set the clock
certificate-of-unknown-issuer = its certificate is signed by no authority that this host trusts; where a proxy or firewall looks into TLS, or the license server has an authority of its own, name that one's certificate in ca_file

## What tells this host.

host-known-by-hardware = This host is known by its key and its hardware.
host-known-by-id = This host is known by its key and the configured id; its hardware is not read.
host-in-container = This is a container ({ $sign }): its hardware is another's, so the key alone tells it.
