### What `licensectl` itself says around the answers of the daemon.

tool-help = Print this help, or that of a command
tool-usage = Usage:
tool-commands = Commands
tool-arguments = Arguments
tool-options = Options
tool-short-help =
    Licenses of this MikoPBX host. What is needed most:

      licensectl status      how the license of this host is
      licensectl register    get a registration number for a company
      licensectl activate    bind this host to a number that there is
      licensectl coupon      activate a coupon
      licensectl doctor      find out what is wrong

    All commands: licensectl --help

tool-time-now = now
tool-time-in = in { $span }
tool-time-ago = { $span } ago
tool-milliseconds = { $count } ms
tool-time-seconds = { $count } s
tool-time-minutes = { $count } min
tool-time-hours = { $count } h
tool-time-days =
    { $count ->
        [one] { $count } day
       *[other] { $count } days
    }

tool-warning = Warning:
tool-next = Next:
tool-way-out = Way out:
tool-state-unregistered = unregistered
tool-state-fresh = fresh
tool-state-offline = offline
tool-state-lapsed = lapsed
tool-state-refused = refused
tool-state-recovering = recovering
tool-state-registering = registering
tool-state-host-changed = host changed
tool-state-pending = pending
tool-state-draining = draining
tool-short-granted = granted
tool-short-offline = granted, offline
tool-short-denied = denied
tool-short-may-run = nobody knows, may go on
tool-short-may-not-run = nobody knows, may not run
tool-granted = granted, honoured until { $until }
tool-granted-offline = granted, honoured until { $until }, offline since { $since }
tool-unknown-may-run = nobody knows since { $since }; what runs may go on
tool-unknown-may-not-run = nobody knows since { $since }; it may not run
tool-feature = Feature { $feature }
tool-feature-of-product = Feature { $feature } (product { $product })
tool-seats = total { $total }, captured { $captured }
tool-session = Session: { $session }
tool-product = Product { $product } { $name }
tool-trial = trial
tool-for-ever = for ever
tool-expires = expires { $at }
tool-expired = expired { $at }
tool-as-of = as of { $at }
tool-registered = Registration number: { $number }
tool-registered-keep = This host is bound to it. Keep the number: it holds all licenses of the company.
tool-last-refusal = Refused: `licensectl { $command }`, { $at }:
tool-missed = Changes were missed; this is everything.
tool-answers = { $server } answers
tool-host = Host { $key }
tool-not-used = not used: { $why }
tool-sent-as = is sent as { $digest }
tool-unused-missing = missing
tool-unused-not-permitted = not permitted
tool-unused-unreadable = unreadable
tool-unused-placeholder = a placeholder of the manufacturer
tool-unused-container = of the machine around the container
tool-unused-configured = the configured id counts instead
tool-source-host = this host
tool-source-statement = license server
tool-source-daemon = licensed
tool-source-network = network
tool-server-direct = directly
tool-server-proxy = through { $proxy }
tool-server-proxy-from = through { $proxy } ({ $from })
tool-root-keys =
    { $count ->
        [0] (no root key)
        [one] ({ $count } root key)
       *[other] ({ $count } root keys)
    }

tool-label-asked = asked
tool-label-bound-since = bound since
tool-label-ca-file = CA file
tool-label-company = company
tool-label-contact = contact
tool-label-email = e-mail
tool-label-file = file
tool-label-last-answer = last answer
tool-label-last-failure = last failure
tool-label-lease = lease to
tool-label-next-check = next check
tool-label-number = number
tool-label-phone = phone
tool-label-seats = seats
tool-label-serial = serial
tool-label-server = license server
tool-label-session = session
tool-label-stage = stage
tool-label-state-dir = state
tool-label-tax-id = tax id
tool-label-took = took
tool-label-trust = root keys

tool-module-free = free, needs no license
tool-module-unreadable = cannot be read: { $why }
tool-module-no-object = no JSON object
tool-module-no-number = no number in { $field }
tool-modules-none = there is no module.json in the folders of { $folder }

tool-ask-number = Registration number (MIKO-…):
tool-ask-coupon = Coupon (MIKOUPD-…):
tool-ask-field = { $label }:
tool-ask-optional = { $label } (Enter for none):
tool-ask-send = Send this to the license server?
tool-ask-reset = Forget the registration number on this host and free its seats?
tool-ask-deprovision = Forget number, host key and state of this host, and stop the daemon?
tool-ask-yes-no = { $question } [y/N]
tool-wrong-empty = this is needed
tool-wrong-long = at most { $most } characters
tool-wrong-email = this is no e-mail address
tool-waiting = Waiting for the license server…

tool-no-number = this is no registration number: it must match { $pattern }
tool-no-coupon = this is no coupon: it must match { $pattern }
tool-no-terminal = there is no terminal to ask on: give { $flags }
tool-not-confirmed = not confirmed; nothing was changed
tool-no-registration = standard input is no registration: { $why }
tool-wrong-field = { $flag }: { $why }
tool-cannot-read = cannot read from standard input: { $why }
tool-cannot-write = cannot write the answer to standard output: { $why }
tool-holder-for-one = --holder is for one feature: run `licensectl check FEATURE --holder NAME` for each
tool-not-understood = the command line is not understood; see standard error

## The support archive.

bundle-made = The support archive is { $path }. Only its owner may read it. In it:
bundle-bytes = { $bytes } bytes
bundle-bytes-of-more = { $bytes } bytes, and there was more
bundle-left-out = Left out:
bundle-hidden = { $count ->
        [0] There was nothing to hide.
        [one] One secret is hidden: a number, a coupon, credentials, an e-mail address and the like.
       *[other] { $count } secrets are hidden: numbers, coupons, credentials, e-mail addresses and the like.
    }
bundle-look = Look through it before you send it.
bundle-never = what it holds never leaves this host
bundle-exists = { $path } is there already: remove it, or name another file with --output
bundle-no-write = cannot write { $path }: { $why }; name another file with --output
bundle-link = { $path } leads over a link that somebody else could have made; it is not followed
bundle-no-file = { $path } is no regular file
bundle-not-there = there is no { $path }
bundle-not-permitted = { $path } is not for this user: run it as root
bundle-unreadable = cannot read { $path }: { $why }
bundle-empty = { $path } is empty
bundle-no-program = { $program } is not installed
bundle-no-run = cannot run { $program }: { $why }
bundle-nothing = { $program } has nothing to say
bundle-silent = { $program } gave nothing: { $why }
bundle-late = { $program } gave nothing within { $seconds ->
        [one] one second
       *[other] { $seconds } seconds
    }
bundle-too-late = it was not there within { $seconds ->
        [one] one second
       *[other] { $seconds } seconds
    }
