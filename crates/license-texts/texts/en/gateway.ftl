### What the gateway itself tells MikoPBX. No four digits follow each other in it: MikoPBX finds a code by searching the
### whole text. What the daemon says comes from the daemon, in the language that the gateway asks it in.

gateway-ping = { $server } answers in { $milliseconds } ms.

## What is asked cannot be understood.

gateway-parameter-missing = The parameter { $name } is missing.
gateway-parameter-no-number = The parameter { $name } is no positive 32-bit number.
gateway-parameter-other-product = The parameter product is no product to register.
gateway-too-many-parameters = There are more than { $most } parameters.
gateway-parameter-doubled = The parameter { $name } comes twice.
gateway-parameters-malformed = The parameters are not percent-encoded UTF-8.
gateway-parameters-in-body = The parameters of this method come in the body.
gateway-no-method = There is no such method. { $prefix } has { $known }.
gateway-get-or-post = { $method } is asked by GET or POST.
gateway-post = { $method } is asked by POST.
gateway-no-form = The body of a request is { $form }.
gateway-body-slow = The body of the request takes too long.
gateway-body-cut = The body of the request is cut or malformed.
gateway-body-long = The body of the request is longer than { $limit } KiB.
gateway-request-slow = The request takes too long.
gateway-head-long = The head of the request is too long.
gateway-no-http = This is no HTTP/1 request.
gateway-hung-up = The client hung up before it was answered.

## Who asks may not.

gateway-caller-user = uid { $uid }
gateway-caller-unknown = unknown ({ $why })
gateway-not-permitted = The caller ({ $caller }) may not do this ({ $method }). Allow its user with --allow-user, or do it as root.
gateway-other-license = This user may not look at other licenses.
gateway-no-host = A request names its host, and once.
gateway-localhost-alone = The gateway answers requests to localhost alone.
gateway-no-browsers = The gateway answers no browsers.
gateway-strangers-wait = Too many requests of users who may not change the license. Try again in a moment.
gateway-connections = Too many connections of this user, or of users who may not change the license. Try again.

## There is no answer, or not yet.

gateway-still-asked = There is no answer yet; the question is still being asked. Try again in a minute.
gateway-daemon-away = licensed does not answer on this host: it does not run, or is just starting. Try again in a minute.
gateway-number-changed = The number of this host was changed in another way meanwhile.
gateway-stopping = The gateway is stopping. Try again.
gateway-change-stored = { $why } The change is kept and made as soon as that is possible.
gateway-change-kept = { $why } The change is made as soon as that is possible, unless the gateway is stopped before: the disk cannot be written.
gateway-no-socket = There is no socket { $path }: is licensed running? Start it with `systemctl start licensed`.
gateway-not-listening = Nobody listens on { $path }: licensed does not run any more. See `systemctl status licensed`, and start it with `systemctl start licensed`.
gateway-deadline = The daemon did not answer within { $within }; see `systemctl status licensed`.
gateway-closed = The daemon closed the connection before it answered; see `journalctl -u licensed` and try again.
gateway-fault = { $why }.
