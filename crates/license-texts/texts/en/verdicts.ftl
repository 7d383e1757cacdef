### What a feature comes to, and why: the verdict and its facts.

## The feature that a sentence is about.

feature-of-product = { $name } (feature { $feature }, product { $product })
feature-unlisted = Feature { $feature }

## The verdict. `$reason` is a sentence of its own.

verdict-granted = { $feature } is licensed.
verdict-granted-offline = { $feature } is licensed. The license server is away; its last word counts.
verdict-denied = ({ $code }) { $feature }: { $reason }
verdict-unknown-may-run = ({ $code }) { $feature }: { $reason } What already runs may go on.
verdict-unknown-may-not-run = ({ $code }) { $feature }: { $reason } It may not run.

## Why there is no license for this host, although the number has seats.

seat-is-free = This host holds no seat of it. One is free: enable the module again, or run `licensectl capture`.
seats-are-taken = This host holds no seat of it, and all seats of the license are taken by other hosts. Free one there, have its binding dropped at the vendor, or get one more.

## The facts of an explanation. "This time" stands beside the sentence.

fact-no-number = There is no registration number on this host since this time.
fact-registration = A registration is under way whose outcome is not known yet: what runs may go on.
fact-lost = What was held cannot be used any more; the license server is asked for it.
fact-bound = This host is bound to { $number }.
fact-number-in-use = This host uses the number { $number }.
fact-statement = The license server signed its statement { $serial } at this time.
fact-refusal = The license server refuses this host: { $reason }
fact-unlisted = The lease does not list feature { $feature }.
fact-listed = The lease lists feature { $feature }: { $name }, of product { $product }.
fact-seat = This host may use it; { $captured } of { $total } are taken.
fact-no-seat = This host holds no seat of it; { $captured } of { $total } are taken.
fact-seats-of-users = Its seats are taken by users, { $own } by this host's; { $captured } of { $total } are taken.
fact-grace = The lease seemed to end while this machine was off. Its clock may be wrong, so the lease counts to this time.
fact-lease = The lease counts to this time without another answer.
fact-lease-ended = The lease ended at this time without another answer.
fact-run-on = What already runs may go on to this time.
fact-expiry = It expires at this time.
fact-expired = It expired at this time as far as is known here; the license server has not said so yet, and what runs may go on.
fact-offline = The license server is away since this time.
fact-failure = The last attempt to ask it failed at this time: { $why }
fact-next-check = The license server is asked again at this time.

## Answers of the license server that are none.

answer-status = { $url } answered with HTTP status { $status }
answer-unexplained = { $url } answered with HTTP status { $status } and no explanation
answer-unreadable = { $url } answered with HTTP status { $status } and an unreadable explanation: { $error }
answer-of-another = { $url } did not answer as a license server (is it one?): { $error }
answer-unbelieved = { $url } { $why }
answer-without-statement = { $url } answered without a statement
answer-with-foreign-receipt = { $url } answered with a receipt that does not belong to its statement
check-in-refused = the license server does not answer a check-in: { $why }

## Why the license server is not believed.

statement-of-unknown-key = the statement is signed by key { $key }, which no key set of the license server lists
statement-of-revoked-key = the statement is signed by key { $key }, which is revoked
statement-out-of-key-period = the statement is of a time at which key { $key } does not sign
statement-wrongly-signed = the signature of key { $key } over the statement is wrong
statement-unreadable = the statement is not readable: { $error }
statement-of-other-schema = the statement has schema { $found }, this version reads { $read }; update this program
statement-too-long = the statement lists { $found } features, the limit is { $most }
statement-for-other-host = the statement is for another host
statement-for-other-request = the statement answers another request
statement-about-other-number = the statement is about another registration number
statement-not-newer = the statement has serial { $found }, the one that is held has { $held }
key-set-without-roots = no root key is installed; put the license server's public key into the trust folder
key-set-of-unknown-root = the key set is signed by root key { $key }, which is not in the trust folder
key-set-wrongly-signed = the signature of root key { $key } over the key set is wrong
key-set-unreadable = the key set is not readable: { $error }
key-set-of-other-schema = the key set has schema { $found }, this version reads { $read }
