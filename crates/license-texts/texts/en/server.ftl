### What the license server says: to hosts in both languages, and to the owner of a number by mail. The ways out lead
### to what there is; no text for hosts holds four digits in a row, which MikoPBX would take for a code.

## Refusals. Where a code says it all, its own meaning is told.

server-field-required = The field { $field } is required.
server-field-too-long = The field { $field } is longer than { $limit } characters.
server-field-control = The field { $field } holds control characters.
server-no-email = The field email is no e-mail address.
server-registered-elsewhere = This company is registered already, on another host. Look for the mail with the number and activate it here.
server-unknown-host = The license server does not know this host. Activate the registration number on it.
server-dropped = The vendor dropped this host from its registration number. Activate the number again to use it here.
server-replaced = The registration number of this machine is used under a new host key now. Activate the number again on this host to take it back.
server-suspended = The vendor has suspended this registration number. Ask the vendor why.
server-copy = This host is a copy of another host and uses its key. Ask the vendor to accept it, or give it a host key of its own and activate the number on it.
server-restless = The hardware of this host changed too often of late. Ask the vendor to accept the change.
server-too-many-metrics = There are too many metrics, or one is too long.
server-out-of-date = The request is older than what this host has confirmed. Check in, then send it anew.
server-not-licensed = The registration number has no license for this feature. Ask for one.
server-no-seat-free = All seats of this feature are taken. Ask the vendor to drop the binding of another host, or for more seats.
server-too-many-users = This host holds seats for as many users as one host may. Release those that nobody uses.
server-barred = The vendor dropped the binding of this feature to this host. To use it here, activate the number again, or run `licensectl capture FEATURE --reclaim`.
server-unknown-seat = This host holds no such seat.
server-not-sold = There is no such product. Check its number in the module's description.
server-trial-spent = The trial of this product was used already. Extend it with a coupon or a purchase.

## Warnings beside an answer.

server-warning-no-seat = No seat of { $name } (feature { $feature }) is free for this host. Ask the vendor to drop the binding of another host, or for more seats.
server-warning-duplicate = Another copy of this host is in use under the same key, on the same hardware. Both work on one seat; tell the vendor which one is the host.

## Faults: requests that never come to a decision.

server-not-signed = The envelope does not hold: { $why }. Sign the request with the host's key.
server-header-missing = the header { $name } is missing
server-header-malformed = the header { $name } is malformed
server-wrong-signature = the signature does not fit the request
server-no-call = The body is no call: line { $line }, column { $column }.
server-evidence = The evidence is malformed: it holds each kind of fact once, as a digest of 64 hex digits.
server-other-path = The body is a call of another path.
server-too-large = The body is longer than { $limit } KiB.
server-unfinished = The body did not arrive whole.
server-not-found = The license server has nothing at this path.
server-method = This path does not take this method.
server-failed = This is a fault and no answer about the license. Repeat the request later.
server-busy = There was no answer in time. Repeat the same request later.
server-no-place = Too many hosts wait for news. Ask again later; scheduled checks go on.
server-reused-id = Repeat the first request unchanged, or send this one under an id of its own.
server-too-many = This host or its network asks too often. Repeat the same request in { $wait }.
server-seconds = { $seconds } s
server-minutes = { $minutes } min
server-minutes-and-seconds = { $minutes } min { $seconds } s

## Letters to the owner of a number.

server-letter-number-subject = Registration number
server-letter-number =
    Your registration number is

    {"    "}{ $number }

    Keep this mail. Whoever knows the number can bind a host to it. Enter it on the PBX.
server-letter-forgotten-subject = Your registration number
server-letter-forgotten =
    Somebody asked for the registration number that belongs to this address. It is

    {"    "}{ $number }

    If it was not you, nothing is to be done: the number went to this address alone.
server-letter-registered-elsewhere-subject = Registration on another host
server-letter-registered-elsewhere =
    Somebody entered your company and e-mail to register another host (key { $host }). It was not bound, and was told nothing. If it was you, activate your number there:

    {"    "}{ $number }

    If it was not, nothing is to be done.
server-letter-moved-subject = A host has other hardware
server-letter-moved =
    The host with the key { $host } on your number

    {"    "}{ $number }

    reports other hardware than before. After a repair or a move this is as it should be. If you know of none, ask the vendor: somebody may run a copy of the host.
server-letter-rekeyed-subject = A host has a new key
server-letter-rekeyed =
    A host on your number

    {"    "}{ $number }

    goes on under a new key ({ $host }), with the seats that it had: its hardware is that of a host that you have. After it was installed anew this is as it should be. If you know of nothing, look at the bindings of the number: somebody may pose as the host. Drop that key, and activate the number on the host again.
server-letter-copy-found-subject = Two copies of a host
server-letter-copy-found =
    Two copies of the host with the key { $host } are in use on your number

    {"    "}{ $number }

    A copy on other hardware is denied until it is accepted. Tell the vendor which of the two is the host.
