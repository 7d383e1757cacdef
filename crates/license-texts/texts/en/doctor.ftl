### What `licensectl doctor` finds, and what to do about it. Each cause has its section in docs/doctor.md.

## This host.

doctor-daemon = licensed { $version } answers.
doctor-daemon-no-socket = licensed is not running: there is no socket { $path }.
doctor-daemon-nobody-listens = licensed is not running: nobody listens on { $path }.
doctor-daemon-silent = licensed gives no usable answer on { $path }: { $why }
doctor-daemon-unknown = Whether licensed runs is not known: its socket may not be opened.
doctor-socket = { $user } may open it. It belongs to { $owner }:{ $group }, mode { $mode }.
doctor-socket-denied = The user { $user } may not open { $path }: it belongs to { $owner }:{ $group }, mode { $mode }, and the user's groups are { $groups }.
doctor-socket-closed-folder = The user { $user } may not look for { $path }: its folder is closed to the user.
doctor-unit = The unit is { $state }.
doctor-unit-none = systemd does not know the unit ({ $load }): licensed runs without it, or not at all.
doctor-unit-failed = The unit is { $state }, its last result is { $result }; it was restarted { $restarts } times.
doctor-unit-restarts = The unit is { $state }; it was restarted { $restarts } times.
doctor-state = The state can be read.
doctor-state-none = There is no state in this folder.
doctor-state-closed = The folder is closed to { $user }, as it should be. Root sees more.
doctor-state-open = Others than licensed may look into the folder: its mode is { $mode }.
doctor-state-damaged = The stored state cannot be read: { $what }
doctor-state-set-aside = The stored state could not be read at a start, and was set aside: { $files }
doctor-state-lost = The stored state could not be read, and the license server has not told it again yet.
doctor-disk = { $megabytes } MiB are free for the state.
doctor-disk-full = The disk is full: { $kilobytes } KiB are left for the state. licensed goes on in memory, and a restart loses what it cannot write.
doctor-disk-inodes = The disk has no room for another file: it has no inodes left. licensed goes on in memory, and a restart loses what it cannot write.
doctor-disk-read-only = The disk with the state is mounted read-only. licensed goes on in memory, and a restart loses what it cannot write.
doctor-configuration = The license servers are: { $servers }.
doctor-configuration-no-server = No license server is configured.
doctor-configuration-no-file = there is no { $path }. Name the file of the daemon with --config.
doctor-configuration-unknown = What is configured is not known: { $why }
doctor-keys = Root keys of the license server found: { $keys }.
doctor-keys-none = There is no root key of the license server in { $trust }: nothing that it says can be believed.

## The way to the license server.

doctor-dns = { $name } is { $addresses } ({ $resolvers }).
doctor-dns-by-hosts = { $name } is { $addresses }, as /etc/hosts says.
doctor-dns-no-answer = The name { $name } cannot be looked up: no resolver answers ({ $resolvers }).
doctor-dns-no-address = The name { $name } has no address ({ $resolvers }).
doctor-dns-wrong = The name { $name } leads to { $addresses }, which cannot be the license server ({ $resolvers }).
doctor-dns-hosts = /etc/hosts leads the name { $name } to { $addresses }, where no license server answers; the resolvers say { $others }.
doctor-no-route = This host has no route to { $address }: { $why }
doctor-tcp = { $address } takes the connection.
doctor-tcp-refused = { $address } refuses the connection.
doctor-tcp-dropped = { $address } does not answer: what is sent there is dropped on the way.
doctor-tcp-failed = No connection to { $address }: { $why }
doctor-portal = Something on the way answers in the place of the license server, and sends its reader to { $whereto }: a login page of the network.
doctor-tls = { $subject }, by { $issuer }, valid to { $until }.
doctor-tls-failed = There is no TLS session: { $why }
doctor-tls-expired = The certificate { $subject }, by { $issuer }, expired on { $at }.
doctor-tls-not-yet = The certificate { $subject }, by { $issuer }, is valid from { $at } only.
doctor-tls-self-signed = The certificate { $subject } is signed by itself, and this host does not trust it.
doctor-tls-unknown-issuer = The certificate { $subject } is by “{ $issuer }”, an authority that this host does not trust: a proxy or firewall opens TLS on the way, or the license server has an authority of its own.
doctor-tls-wrong-host = The certificate is for { $names }, and not for { $host }. It is by { $issuer }.
doctor-tls-no-roots = There is no certificate authority that could be trusted: { $why }
doctor-http = A license server answers.
doctor-http-error = The license server answers with an error: HTTP status { $status }.
doctor-http-other = What answers is no license server: HTTP status { $status }, { $kind }.
doctor-http-none = The license server takes the connection and gives no answer: { $why }
doctor-ping = licensed reaches the license server, in { $milliseconds } ms.
doctor-ping-failed = licensed does not reach the license server: { $why }
doctor-proxy = The proxy { $proxy }, set by { $origin }, lets the call through.
doctor-proxy-by-daemon = The proxy { $proxy }, set by { $origin }, wants a password; licensed has it and gets through.
doctor-proxy-credentials = The proxy { $proxy }, set by { $origin }, wants a user and a password, or others than these (HTTP status 407).
doctor-proxy-refuses = The proxy { $proxy }, set by { $origin }, does not let the call through: HTTP status { $status }.
doctor-proxy-nonsense = What answers as the proxy { $proxy }, set by { $origin }, is none: { $why }
doctor-proxy-no-address = The name of the proxy { $proxy }, set by { $origin }, has no address ({ $resolvers }).
doctor-proxy-unreachable = The proxy { $proxy }, set by { $origin }, cannot be reached at { $address }: { $why }
doctor-why-refused = it refuses the connection.
doctor-why-dropped = it does not answer.
doctor-clock = The clock is right.
doctor-clock-ahead = The clock of this host is { $amount } ahead: it shows { $here }, and it is { $there }.
doctor-clock-behind = The clock of this host is { $amount } behind: it shows { $here }, and it is { $there } or later.

## The license.

doctor-license = { $number }, { $company }.
doctor-license-none = This host has no registration number.
doctor-lease = The lease is honoured to { $until }.
doctor-lease-lapsed = The lease ended on { $until }, without another answer of the license server.
doctor-command = `licensectl { $command }`, on { $at }, was refused: { $why }
doctor-base = { $name } has no seat on this host: { $why }
doctor-feature = A capture of feature { $feature } would succeed.
doctor-feature-unknown = The license of this host does not list feature { $feature }.
doctor-feature-no-answer = Nobody knows: there was no answer in time.

## What to do.

doctor-next-socket = Run this as root, or as a user in the group of the socket.
doctor-next-socket-root = No group may open the socket: run this as root.
doctor-next-socket-join = As root: usermod -aG { $group } { $user }; then log in anew, and start anew what runs as that user. Or run this as root.
doctor-next-socket-login = { $user } is in the group { $group }, but was not yet when this session began: log in anew, and start anew what runs as that user.
doctor-next-daemon = Run `systemctl start licensed`; if it does not stay, see `journalctl -u licensed`.
doctor-next-daemon-bare = Start licensed; if it does not stay, see what it logs.
doctor-next-daemon-silent = See the log of licensed, and restart it. Look with `ss -xlp` whose the socket is.
doctor-next-unit = See `journalctl -u licensed`.
doctor-next-state = Check the disk and who owns the folder and its files; then restart licensed. It gets its license back from the license server by itself.
doctor-next-state-set-aside = Check the disk. When all else is well, remove these files; licensed does not need them.
doctor-next-state-open = As root: chmod 700 { $path }
doctor-next-disk = Make room on the disk.
doctor-next-disk-read-only = See in the log of the kernel why, and mount it for writing.
doctor-next-no-server = Set `server` in /etc/licensed/licensed.toml, then run `licensectl reload`.
doctor-next-no-key = Put the public key of the license server there, as a file *.pub, then run `licensectl reload`.
doctor-next-dns-no-answer = Check the name servers in /etc/resolv.conf, and whether this host reaches them.
doctor-next-dns-no-address = Check `server` in /etc/licensed/licensed.toml for typing errors; else ask who runs the name server.
doctor-next-dns-wrong = Ask who runs the name server, or set another one in /etc/resolv.conf.
doctor-next-dns-hosts = Take { $name } out of /etc/hosts.
doctor-next-no-route = Check the default gateway of this host (`ip route`, `ip -6 route`), and whether its network has the family of this address.
doctor-next-portal = Log in to the network with a browser, or ask who runs it to let this host through.
doctor-next-refused = Ask who runs the firewall to let this host through; else the license server is down.
doctor-next-dropped = Ask who runs the firewall to let this host through to port 443.
doctor-next-proxy = Check the setting of the proxy, and whether the proxy runs.
doctor-next-proxy-credentials = Put user:password into the file that `proxy_credentials_file` names in /etc/licensed/licensed.toml, and set `proxy` there; then run `licensectl reload`.
doctor-next-proxy-refuses = Ask who runs the proxy to let this host through to the license server.
doctor-next-clock = Set the clock, or set up NTP (`timedatectl set-ntp true`).
doctor-next-certificate-time = Nothing is to be done on this host: tell who runs the license server to renew its certificate.
doctor-next-certificate-soon = Tell who runs the license server: its certificate ends soon.
doctor-next-certificate-authority = Have the license server left out of what opens TLS; or, if that authority is to be trusted, name its certificate in `ca_file` in /etc/licensed/licensed.toml.
doctor-next-certificate-host = Check `server` in /etc/licensed/licensed.toml; else something on the way answers with a certificate of its own.
doctor-next-tls = Look at what stands between this host and the license server: `openssl s_client -connect HOST:443`.
doctor-next-no-roots = Install the package ca-certificates.
doctor-next-not-a-server = Check `server` in /etc/licensed/licensed.toml; it must name a license server of this project.
doctor-next-server-error = Nothing is to be done on this host: tell who runs the license server. licensed asks again by itself.
doctor-next-number-unknown = Check the number for typing errors and activate it again: `licensectl activate MIKO-…`.
doctor-next-bound-elsewhere = Activate the number here again: `licensectl activate`. If another host has the seat, drop its binding in the Sessions monitor of the cabinet first; if there is no live license, ask for one.
doctor-next-expired = Once it is extended: `licensectl coupon`, or `licensectl recheck` after a purchase.
doctor-next-registration = Look for the mail with the number and activate it; or repeat with the company name and e-mail of last time.
doctor-next-coupon = If the coupon is right, ask its seller. One that was activated for this number already needs nothing more.
doctor-next-not-registered = Run `licensectl register`, or activate a number: `licensectl activate MIKO-…`.
doctor-next-lapsed = Make the license server reachable, then run `licensectl recheck`.
doctor-next-feature = Check the number of the feature; else buy a product with it, or try one: `licensectl trial PRODUCT`.

## How it is shown.

doctor-doubt = Nothing stands in the way now, but the last attempt to ask the license server failed: see `license` below, then run `licensectl recheck`.
doctor-healthy = All is well.
doctor-result-ok = ok
doctor-result-warning = warning
doctor-result-failed = failed
doctor-granted = Feature { $feature }: a capture would succeed.
doctor-denied = Feature { $feature }: a capture would be refused ({ $code }). { $why }
doctor-indeterminate = Feature { $feature }: what a capture would come to is not known. { $why }
doctor-stage-daemon = Asking licensed …
doctor-stage-lookup = Looking up the license server …
doctor-stage-connect = Connecting to the license server …
doctor-stage-speak = Speaking to the license server …
doctor-stage-license = Asking what the license server says …
