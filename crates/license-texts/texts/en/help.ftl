### The help of `licensectl`: of a command, of an option or argument of it, or of one that several commands have.

help-licensectl = Licenses of this MikoPBX host: what there is, and how to change it
help-socket = The socket of the daemon
help-json = Print JSON; a failure too, as {"{"}"error":{"{"}"code":…,"kind":…,"message":…{"}"}{"}"}
help-color = Colours: auto (on a terminal), always or never
help-help = Print help
help-version = Print the version
help-feature = The feature
help-holder = The user of a feature that is counted by user
help-yes = Do not ask
help-status = Show on one screen how the license of this host is
help-status-watch = Keep the screen up to date, until Ctrl-C; where it is no terminal, print each change
help-register = Get a registration number for a company and bind this host to it; on a terminal what is missing is asked for
help-register-input = - to read a JSON object with company, email, contact, phone and tax_id from standard input
help-register-company = Company name
help-register-email = E-mail address; the number is sent there
help-register-contact = Contact person
help-register-phone = Telephone number
help-register-tax-id = Tax id: INN, TIN, EIN or UNP
help-activate = Bind this host to a registration number
help-activate-number = MIKO-…, or - to read it from standard input; asked for on a terminal if it is not given
help-coupon = Activate a coupon
help-coupon-coupon = MIKOUPD-…, or - to read it from standard input; asked for on a terminal if it is not given
help-trial = Add a trial of a product
help-trial-product = The product
help-check = Ask whether features or modules may run
help-check-features = The features
help-check-module = The module.json of a module, whose feature is asked for
help-check-modules = A folder of modules: every module.json in its folders
help-capture = Take a seat of a feature
help-capture-reclaim = Also take a seat that this host was dropped from
help-release = Give a seat back
help-release-session = What `capture` printed
help-info = Show what the license holds
help-info-number = Another registration number than the one in use, or - to read it from standard input
help-features = List the features of the license
help-explain = Tell why a feature may run or not: the facts that led to the answer, and the way out
help-watch = Tell what changes, until Ctrl-C or until the daemon stops; with --json an object a line
help-recheck = Ask the license server now
help-metrics = Print what the daemon counts, for Prometheus
help-send-metrics = Tell the license server how this host is used; nothing depends on it
help-send-metrics-metrics = A name and its value, as CountSipExtensions=12
help-reload = Have the daemon read its configuration again, and show what has changed
help-host = Show what tells this host from others, and what of it the license server gets
help-config = Show what the daemon runs with, without secrets
help-ping = Ask whether the license server answers
help-reset = Forget the registration number on this host and free its seats
help-deprovision = Before the machine becomes an image: forget number, host key and state, and stop the daemon
help-doctor = Find what stands between this host and its license: daemon, network, clock, license; changes nothing
help-doctor-feature = A feature: also tell what a capture of it would come to
help-doctor-config = The configuration file of the daemon, read where the daemon does not answer
help-bundle = Make an archive for support: status, diagnosis, configuration, logs, network; without secrets
help-bundle-output = The archive; licensed-support-HOST-TIME.tar.gz in this folder if it is not given
help-exit-codes =
    Exit codes:
      0  done, or granted
      1  denied
      2  the command line is wrong, a key is malformed, or a reload found a wrong configuration
      3  the daemon cannot be reached
      4  indeterminate, or no answer from the license server
      5  not permitted
      6  the license server refused; its code is printed
      7  a fault of the daemon
    Of several features the worst of 1, 4 and 0 counts.
