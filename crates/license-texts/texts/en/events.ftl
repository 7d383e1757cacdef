### What the journal tells of each event of licensed, by `journalctl -x`: its name, and what to do. A word between at
### signs is a field of the entry. What a code means is told by the text of the code itself. A command begins with four
### spaces, in quotes: Fluent would take them away.

event-ready-subject = licensed answers
event-ready = The daemon has loaded its state and answers on @SOCKET@. It asks the license server by itself; nothing is to be done.
event-configured-subject = The configuration was read again
event-configured = The message names what changed. What needs a restart is named in the lines around it: systemctl restart licensed.
event-configuration-wrong-subject = The configuration is wrong; the previous one stays
event-configuration-wrong =
    Nothing was changed. Every mistake in /etc/licensed/licensed.toml is shown by

    {"    "}licensed --check-config

    Mend it, then run: systemctl reload licensed.
event-bound-subject = The host is bound, and the license server answers
event-bound = Licenses are checked every few hours. Nothing is to be done.
event-unregistered-subject = The host has no registration number (2009)
event-unregistered =
    { code-2009 } Until then paid modules do not start. Set `server` in /etc/licensed/licensed.toml and put the root key of the license server into /etc/licensed/trust.d first, if the message names them. Then run one of these:

    {"    "}licensectl register --company NAME --email ADDRESS --contact NAME
    {"    "}licensectl activate MIKO-...
event-lookup-failed-subject = No network, or no DNS: the name of the license server is not found (1011)
event-lookup-failed =
    { code-1011 } Modules go on: the last word of the license server is honoured, for weeks as a rule; `licensectl status` says until when. See also /etc/resolv.conf, and then run

    {"    "}getent hosts NAME-OF-THE-LICENSE-SERVER
    {"    "}licensectl ping

    Behind a proxy the name is looked up by the proxy: set `proxy` in /etc/licensed/licensed.toml.
event-connection-failed-subject = No connection to the license server: network, firewall or proxy (1012)
event-connection-failed =
    { code-1012 } Modules go on: the last word of the license server is honoured, for weeks as a rule; `licensectl status` says until when. Outgoing connections to port 443 of the license server must be open. If the network has a proxy, set it as `proxy` in /etc/licensed/licensed.toml. Then run

    {"    "}systemctl reload licensed
    {"    "}licensectl ping
event-tls-failed-subject = No trusted TLS session with the license server: clock, certificates or proxy (1013)
event-tls-failed =
    { code-1013 } Modules go on: the last word of the license server is honoured, for weeks as a rule. The clock is shown by `timedatectl`, the certificates are the package ca-certificates, and the certificate authority of a proxy that opens TLS is to be named as `ca_file` in /etc/licensed/licensed.toml. Then run

    {"    "}systemctl reload licensed
    {"    "}licensectl ping
event-no-answer-subject = The license server gives no usable answer (1014)
event-no-answer = { code-1014 } It was reached, and is busy or being mended, or something on the way answers in its place. Modules go on. If this lasts for days, show the message to the vendor.
event-lapsed-subject = The lease has ended without an answer of the license server
event-lapsed =
    The license server was away for longer than its last word counts. Modules that run may go on for some days more; they do not start anew. Make the license server reachable (`licensectl ping` says what is wrong), then run

    {"    "}licensectl recheck
event-host-changed-subject = The hardware is another than before
event-host-changed =
    The machine was moved, got a new board, or is a copy. The license server is told at the next check and decides; until then its last word is honoured. To ask it now:

    {"    "}licensectl recheck

    `licensectl host` shows what was found of the hardware.
event-state-lost-subject = What was held is lost; the license server is asked for it
event-state-lost =
    The files in /var/lib/licensed could not be used. The license server knows this host by its key and gives everything again with the next answer. If it cannot be reached, modules that run may go on. Check the disk, and run

    {"    "}licensectl recheck
event-pending-subject = This host waits for a decision: it is a copy of another, or moved too often (@LICENSE_CODE@)
event-pending =
    Two hosts with one key were seen, or the hardware changed several times in a month. The original works on. The owner of the number decides in the cabinet which one is right, or a person at the vendor. If this is meant to be a host of its own:

    {"    "}licensectl deprovision --yes
    {"    "}systemctl start licensed
    {"    "}licensectl activate MIKO-...
event-no-license-subject = There is no license, or it is bound to another host (2008)
event-no-license =
    { code-2008 } When the binding is dropped, run

    {"    "}licensectl recheck

    A coupon that you have is activated by

    {"    "}licensectl coupon MIKOUPD-...
event-expired-subject = The license has expired (2011)
event-expired =
    { code-2011 } With a coupon:

    {"    "}licensectl coupon MIKOUPD-...
event-email-taken-subject = The e-mail already has a number, for another company (2022)
event-email-taken =
    { code-2022 } The mail is from an address that begins with lic@. The number in it is activated by

    {"    "}licensectl activate MIKO-...
event-number-unknown-subject = The registration number is not valid (@LICENSE_CODE@)
event-number-unknown =
    2009: { code-2009 }

    2026: { code-2026 }

    A number is MIKO- and four groups of five characters; it is in the mail of the registration and in the cabinet. Then run

    {"    "}licensectl activate MIKO-...
event-coupon-refused-subject = The coupon cannot be used (@LICENSE_CODE@)
event-coupon-refused =
    2037: { code-2037 }

    2040: { code-2040 }

    2041: { code-2041 } The cabinet shows what it gave.

    2057: { code-2057 }
event-host-registered-subject = This host was registered before, with another e-mail or company (2051)
event-host-registered =
    { code-2051 } The mail is from an address that begins with lic@. The number in it is activated by

    {"    "}licensectl activate MIKO-...
event-refused-subject = The license server refused (@LICENSE_CODE@)
event-refused = This version does not know the code. `licensectl status` has the words of the license server; an update may know more.
event-lease-runs-out-subject = The last word of the license server will soon count no more
event-lease-runs-out =
    The license server has been away for long. When the time is over, modules do not start anew, and end some days later. Make it reachable (`licensectl ping` says what is wrong), then run

    {"    "}licensectl recheck
event-not-stored-subject = The state cannot be written
event-not-stored = The daemon goes on in memory and tries again every minute. A restart before it succeeds may lose what came last. Check the disk: df -h /var/lib/licensed.
event-stored-again-subject = The state can be written again
event-stored-again = Everything that was held in memory is on the disk. Nothing is to be done.
event-clock-wrong-subject = The clock of this host is off by @SKEW_SECONDS@ s
event-clock-wrong = Licenses do not depend on it, but TLS and logs do. Set it: timedatectl set-ntp true.
event-not-permitted-subject = The user with id @UID@ may not do that (@REQUEST@)
event-not-permitted =
    Only root and members of the group licensed-admin change things. If the user shall be able to:

    {"    "}usermod -aG licensed,licensed-admin USER

    and start its programs anew. If nobody knows of it, look at what the process with id @PID@ is.
event-too-many-seats-subject = The user with id @UID@ holds as many seats as one user may
event-too-many-seats = A module that captures seats should give them back. The limit is `limits.seats_per_uid` in /etc/licensed/licensed.toml.
event-new-host-key-subject = The host key was damaged; there is a new one
event-new-host-key =
    The damaged file was set aside in /var/lib/licensed. With the new key the number has to be activated again; the license server knows the host by its hardware:

    {"    "}licensectl activate MIKO-...
event-state-damaged-subject = A file of the state was damaged and is set aside
event-state-damaged = The daemon goes on with the generation before, or asks the license server. The damaged file is kept in /var/lib/licensed for whoever wants to look. Check the disk.
event-feature-granted-subject = Feature @FEATURE_ID@ is granted
event-feature-granted = Modules that need it may run. Nothing is to be done.
event-feature-denied-subject = Feature @FEATURE_ID@ is denied (@LICENSE_CODE@)
event-feature-denied =
    The license server said so. Modules that need it are disabled. The facts that led to it are shown by

    {"    "}licensectl explain @FEATURE_ID@

    2008: { code-2008 }

    2011: { code-2011 }
event-feature-unknown-subject = Nobody knows whether feature @FEATURE_ID@ is granted (@LICENSE_CODE@)
event-feature-unknown =
    The license server has not confirmed it. Modules that run may go on for now. The facts that led to it are shown by

    {"    "}licensectl explain @FEATURE_ID@
event-deprovisioned-subject = This host is removed
event-deprovisioned = Key, number and state are removed; the next start makes a new host. Where a warning says that the license server does not know it, drop the host there.
