<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * What the daemon is in, as one word.
 */
enum State: string
{
    /** There is no registration number on this host. */
    case Unregistered = 'unregistered';

    /** There is a lease, and the last check reached the license server. */
    case Fresh = 'fresh';

    /** There is a lease, and the license server is away. */
    case Offline = 'offline';

    /** The lease has ended without another answer. */
    case Lapsed = 'lapsed';

    /** The license server said no. */
    case Refused = 'refused';

    /** What was held cannot be used any more; the license server is asked for it. */
    case Recovering = 'recovering';

    /** There is no registration number, and one is being registered or activated. */
    case Registering = 'registering';

    /** There is a lease, and it was given to other hardware; the license server is to be told first. */
    case HostChanged = 'host_changed';

    /** The license server said no until a person decides: a copy of another host, or moved too often. */
    case Pending = 'pending';

    /** The daemon is stopping. */
    case Draining = 'draining';
}
